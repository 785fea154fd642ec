package scim1_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/ilumy/usersync/internal/servertest"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

// FuzzRequest sends whole requests of SCIM 1.1. Whatever comes, the answer is one of that version, is not 500, and leaves a
// server whose resources are valid by 2.0.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "/v1/Users?filter=urn:scim:schemas:core:1.0:userName+eq+%22a%22+and+%28title+pr%29&sortBy=name.familyName&attributes=urn:scim:schemas:extension:enterprise:1.0:manager.managerId", "", "", false)
	f.Add("POST", "/v1/Users", "", `{"schemas":["urn:scim:schemas:core:1.0"],"userName":"b","emails":[{"value":"x","primary":true},{"operation":"delete"}]}`, false)
	f.Add("PUT", "/v1/Users/1.json", "", `{"userName":"c","active":"False","id":"x","urn:scim:schemas:extension:enterprise:1.0":{"manager":{"managerId":"1","value":"2","$ref":"x"}}}`, false)
	f.Add("PATCH", "/v1/Users/1", "", `{"schemas":["urn:scim:schemas:core:1.0"],"meta":{"attributes":["emails","urn:scim:schemas:extension:enterprise:1.0"]},"emails":[{"value":"y"}],"name":{"familyName":"z"}}`, true)
	f.Add("POST", "/v1/Groups/2", "PATCH", `{"schemas":["urn:scim:schemas:core:1.0"],"members":[{"value":"1","operation":"delete"},{"value":"q\"] or displayName pr"}]}`, true)
	f.Add("PATCH", "/v1/Users/1", "", `{"addresses":[{"type":"work","primary":true,"operation":"delete"}],"roles":[{"value":1,"operation":"delete"}]}`, false)
	f.Add("POST", "/v1/Bulk", "", `{"failOnErrors":1,"Operations":[{"method":"post","path":"/Users","bulkId":"a","data":{"userName":"a"}},{"method":"PATCH","path":"/Groups/2","data":{"members":[{"value":"bulkId:a"}]}}]}`, false)
	f.Add("DELETE", "/v1/Users/1", "", "", false)
	f.Add("GET", "/v1/Schemas/User", "", "", false)
	f.Fuzz(func(t *testing.T, method, target, override, body string, strict bool) {
		r := servertest.Request(t, method, target, "application/json", body)
		if r == nil {
			return
		}
		o := &server.Options{Logger: slog.New(slog.DiscardHandler)}
		if strict {
			o.Dialect = server.AlwaysStrict
		}
		s := newService(t, o)
		s.want(201, "POST", "/v2/Users", `{"schemas":["`+scim.UserSchema+`"],"userName":"anna","emails":[{"value":"x"}],"addresses":[{"type":"work"}]}`)
		s.group("g", "1", "z")

		if override != "" {
			r.Header.Set("X-HTTP-Method-Override", override)
		}
		w := httptest.NewRecorder()
		s.one.ServeHTTP(w, r)
		switch {
		case w.Code == http.StatusInternalServerError || w.Code < 200 || w.Code > 599:
			t.Fatalf("status %d: %s", w.Code, w.Body)
		case w.Body.Len() == 0:
		default:
			a, err := scim.DecodeObject(w.Body.Bytes(), &scim.Options{Limits: scim.Limits{Values: 1 << 30}})
			if err != nil {
				t.Fatalf("the answer is no JSON: %v: %s", err, w.Body)
			}
			if w.Code >= 400 && len(a.GetValues("Errors")) != 1 || w.Code < 400 && a.GetValues("schemas")[0] != "urn:scim:schemas:core:1.0" {
				t.Fatalf("the answer is none of SCIM 1.1: %d %s", w.Code, w.Body)
			}
		}
		servertest.Valid(t, s.store, types())
	})
}
