package scim1_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
	"github.com/ilumy/usersync/scim/server/scim1"
)

// A group that is made by SCIM 2.0 loses a member by 1.1.
func Example() {
	v2, err := server.New(
		[]*scim.ResourceType{scim.NewUserType(), scim.NewGroupType()},
		server.One(memstore.New(&memstore.Options{NewID: func() string { return "guides" }})),
		server.InsecureAnyone, // in an example; see server.Bearer
		nil)
	if err != nil {
		panic(err)
	}
	v1, err := scim1.New(v2, nil)
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/scim/v2/", v2)
	mux.Handle("/scim/v1/", v1)

	send := func(method, path, body string) string {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
		return fmt.Sprintln(w.Code, w.Body)
	}
	send("POST", "/scim/v2/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Guides","members":[{"value":"anna"},{"value":"bert"}]}`)
	fmt.Print(send("PATCH", "/scim/v1/Groups/guides?attributes=displayName,members",
		`{"schemas":["urn:scim:schemas:core:1.0"],"displayName":"Guide","members":[{"value":"anna","operation":"delete"}]}`))
	fmt.Print(send("GET", "/scim/v1/Groups/none", ""))
	// Output:
	// 200 {"schemas":["urn:scim:schemas:core:1.0"],"displayName":"Guide","id":"guides","members":[{"value":"bert"}]}
	// 404 {"Errors":[{"description":"there is no Group with this id","code":"404"}]}
}
