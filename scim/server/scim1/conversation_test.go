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
			s := numbered(t, "resource-", &server.Options{
				Observer: server.Observer{Tolerated: func(_ context.Context, d scim.Deviation) { log.Tolerated(d) }},
			})
			conversation.Test(t, file, s.one, &log, *update)
		})
	}
}
