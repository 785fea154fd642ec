package server_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/servertest"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

// FuzzRequest sends whole requests. Whatever comes, the answer is one of the protocol, is not 500, and leaves a server
// whose resources can all be read and are valid.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "/Users?filter=userName+eq+%22a%22&sortBy=name.familyName&cursor=", "", false)
	f.Add("POST", "/Users", userBody("b", `,"emails":[{"value":"x","primary":true}]`), false)
	f.Add("PUT", "/Users/u", userBody("c", `,"active":"False","id":"x"`), false)
	f.Add("PATCH", "/Users/u", patchBody(`{"op":"Add","path":"emails[type eq \"work\"].value","value":"x"}`), false)
	f.Add("PATCH", "/Groups/g", patchBody(`{"op":"remove","path":"members[value eq \"u\"]"},{"op":"replace","value":{"members":[]}}`), true)
	f.Add("POST", "/Bulk", bulkBody(1, postGroup("a", "a", "bulkId:b"), postGroup("b", "b", "bulkId:a")), false)
	f.Add("POST", "/.search", `{"filter":"displayName pr","attributes":["members.value"],"startIndex":1,"count":2}`, true)
	f.Add("GET", "/Groups/g?excludedAttributes=members", "", false)
	f.Add("DELETE", "/Users/u", "", false)
	f.Add("GET", "/Schemas/"+scim.UserSchema, "", false)
	f.Fuzz(func(t *testing.T, method, target, body string, strict bool) {
		r := servertest.Request(t, method, target, "application/scim+json", body)
		if r == nil {
			return
		}
		names := []string{"u", "g", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8"}
		store := memstore.New(&memstore.Options{NewID: func() string {
			id := names[0]
			if names = append(names[1:], id+"'"); id == "" {
				t.Fatal("no more ids")
			}
			return id
		}})
		o := &server.Options{Logger: slog.New(slog.DiscardHandler)}
		if strict {
			o.Dialect = server.AlwaysStrict
		}
		h, err := server.New(types(), server.One(store), server.InsecureAnyone, o)
		require.NoError(t, err)
		s := &service{t: t, Handler: h, store: store}
		s.user("a")
		s.group("g", "u")

		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		switch {
		case w.Code == http.StatusInternalServerError || w.Code < 200 || w.Code > 599:
			t.Fatalf("%s %s %q: status %d: %s", method, target, body, w.Code, w.Body)
		case w.Code == http.StatusNoContent || w.Code == http.StatusNotModified || method == http.MethodHead:
		default:
			if _, err := scim.DecodeObject(w.Body.Bytes(), nil); err != nil {
				t.Fatalf("%s %s %q: the answer is no JSON: %v: %s", method, target, body, err, w.Body)
			}
		}
		servertest.Valid(t, store, types())
	})
}
