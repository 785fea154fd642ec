package scim1_test

import (
	"context"
	"flag"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/conversation"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
	"github.com/ilumy/usersync/scim/server/scim1"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestConversations sends what clients of SCIM 1.1 send, and compares the answers, and what was tolerated, with golden files.
func TestConversations(t *testing.T) {
	files, err := filepath.Glob("testdata/*.http")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".http"), func(t *testing.T) {
			var log conversation.Log
			behind, err := server.New([]*scim.ResourceType{scim.NewUserType(), scim.NewGroupType()}, server.One(memstore.New(nil)), server.InsecureAnyone, &server.Options{
				Observer: server.Observer{Tolerated: func(_ context.Context, d scim.Deviation) { log.Tolerated(d) }},
			})
			require.NoError(t, err)
			h, err := scim1.New(behind)
			require.NoError(t, err)
			conversation.Test(t, file, h, &log, *update)
		})
	}
}
