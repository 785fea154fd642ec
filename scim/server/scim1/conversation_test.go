package scim1_test

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

// What clients of SCIM 1.1 send.
func TestConversations(t *testing.T) {
	servertest.Conversations(t, *update, func(t *testing.T, tolerated func(context.Context, scim.Deviation)) http.Handler {
		return numbered(t, "resource-", &server.Options{Observer: server.Observer{Tolerated: tolerated}}).one
	})
}
