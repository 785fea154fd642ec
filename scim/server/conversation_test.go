package server_test

import (
	"context"
	"flag"
	"net/http"
	"testing"

	"github.com/ilumy/usersync/internal/servertest"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

var update = flag.Bool("update", false, "write the golden files anew")

// What Entra ID, Okta, Google and JumpCloud send.
func TestConversations(t *testing.T) {
	servertest.Conversations(t, *update, func(t *testing.T, tolerated func(context.Context, scim.Deviation)) http.Handler {
		return newService(t, &server.Options{Observer: server.Observer{Tolerated: tolerated}})
	})
}
