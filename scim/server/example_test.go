package server_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

// A service provider that keeps users and groups in memory and lets in whoever has the token.
func Example() {
	token := server.NewToken() // shown once; only its hash is kept
	tokens := server.Tokens{{Name: "entra", Hash: server.HashToken(token)}}

	h, err := server.New(
		[]*scim.ResourceType{scim.NewUserType(), scim.NewGroupType()},
		server.One(memstore.New(nil)),
		server.Bearer(tokens.Verify),
		nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	s := httptest.NewServer(h)
	defer s.Close()

	req, _ := http.NewRequest("POST", s.URL+"/scim/v2/Users", strings.NewReader(
		`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bjensen","active":"True"}`))
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	res.Body.Close()
	fmt.Println(res.Status, res.Header.Get("ETag"))

	res, err = http.Get(s.URL + "/scim/v2/Users")
	if err != nil {
		fmt.Println(err)
		return
	}
	res.Body.Close()
	fmt.Println(res.Status)
	// Output:
	// 201 Created W/"1"
	// 401 Unauthorized
}

// What an identity provider pushes is written to a sink at once. Plek's client is one; here it is one in memory.
func ExampleNewGateway() {
	sink := memory.New(nil)
	gateway, err := server.NewGateway(memstore.New(nil), sink, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	h, err := server.New([]*scim.ResourceType{scim.NewUserType(), scim.NewGroupType()}, server.One(gateway.Store()), server.InsecureAnyone, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", "/Users", strings.NewReader(
		`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bjensen","name":{"givenName":"Barbara"}}`)))
	fmt.Println(w.Code)
	for r, err := range sink.Records(context.Background(), provisioning.User) {
		fmt.Println(r.Attributes["userName"], r.Attributes["name.givenName"], err)
	}
	// Output:
	// 201
	// [bjensen] [Barbara] <nil>
}
