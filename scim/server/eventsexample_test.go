package server_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/event"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

// printer is an EventSink. A delivery.Transmitter would sign and deliver.
type printer struct{}

func (printer) Put(_ context.Context, tenant string, t *event.Token) error {
	for _, e := range t.Events {
		fmt.Println(e.Type, e.Attributes)
	}
	return nil
}

// Others are told of each change, by the names of what changed.
func ExampleEvents() {
	h, err := server.New([]*scim.ResourceType{scim.NewUserType(), scim.NewGroupType()}, server.One(memstore.New(nil)), server.InsecureAnyone,
		&server.Options{Events: &server.Events{Sink: printer{}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", "/Users", strings.NewReader(`{"userName":"bjensen","title":"Dr"}`)))
	location := strings.TrimPrefix(w.Header().Get("Location"), "http://example.com")
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("PATCH", location, strings.NewReader(`{"Operations":[{"op":"replace","path":"active","value":false}]}`)))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("DELETE", location, nil))
	// Output:
	// urn:ietf:params:scim:event:prov:create:notice [id userName title]
	// urn:ietf:params:scim:event:prov:deactivate []
	// urn:ietf:params:scim:event:prov:delete []
}
