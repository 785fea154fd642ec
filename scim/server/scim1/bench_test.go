package scim1_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
	"github.com/ilumy/usersync/scim/server/scim1"
)

// BenchmarkVersions sends the same requests by both versions.
func BenchmarkVersions(b *testing.B) {
	two, err := server.New(types(), server.One(memstore.New(nil)), server.InsecureAnyone, nil)
	require.NoError(b, err)
	one, err := scim1.New(two, nil)
	require.NoError(b, err)
	send := func(h http.Handler, method, path, body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
		return w
	}
	create := func(path, body string) string {
		w := send(two, "POST", path, body)
		o, err := scim.DecodeObject(w.Body.Bytes(), nil)
		require.NoError(b, err)
		return path + "/" + o.GetString("id")
	}
	var user string
	for i := range 200 {
		user = create("/Users", fmt.Sprintf(`{"schemas":[%q,%q],"userName":"u%d","externalId":"701984","name":{"formatted":"Ms. Barbara J Jensen, III","familyName":"Jensen","givenName":"Barbara"},"displayName":"Babs Jensen",
			"emails":[{"value":"bjensen@example.com","type":"work","primary":true},{"value":"babs@jensen.org","type":"home"}],"active":true,"title":"Guide",%q:{"employeeNumber":"701984","department":"Tours","manager":{"value":"26118915"}}}`,
			scim.UserSchema, scim.EnterpriseUserSchema, i, scim.EnterpriseUserSchema))
	}
	var members []string
	for i := range 10_000 {
		members = append(members, fmt.Sprintf("%032d", i))
	}
	group := create("/Groups", `{"schemas":["`+scim.GroupSchema+`"],"displayName":"g","members":[`+values("", members...)+`]}`)
	for _, bb := range []struct{ name, method, path, one, two string }{
		{"GET", "GET", user, "", ""},
		{"list of 100", "GET", "/Users?count=100", "", ""},
		{"PATCH", "PATCH", user, `{"schemas":["urn:scim:schemas:core:1.0"],"title":"%d"}`, `{"schemas":["` + scim.PatchOpSchema + `"],"Operations":[{"op":"replace","path":"title","value":"%d"}]}`},
		{"one more of 10,000 members", "PATCH", group, `{"schemas":["urn:scim:schemas:core:1.0"],"members":[{"value":"m%d"}]}`, `{"schemas":["` + scim.PatchOpSchema + `"],"Operations":[{"op":"add","path":"members","value":[{"value":"m%d"}]}]}`},
		{"one less", "PATCH", group, `{"schemas":["urn:scim:schemas:core:1.0"],"members":[{"value":"m%d","operation":"delete"}]}`, `{"schemas":["` + scim.PatchOpSchema + `"],"Operations":[{"op":"remove","path":"members[value eq \"m%d\"]"}]}`},
	} {
		for _, v := range []struct {
			name, body string
			h          http.Handler
		}{{"2.0", bb.two, two}, {"1.1", bb.one, one}} {
			b.Run(bb.name+"/"+v.name, func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					body := v.body
					if body != "" {
						body = fmt.Sprintf(body, i)
					}
					if w := send(v.h, bb.method, bb.path, body); w.Code >= 300 {
						b.Fatal(w.Code, w.Body)
					}
				}
			})
		}
	}
}
