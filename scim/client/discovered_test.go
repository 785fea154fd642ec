package client_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// What a service says of itself is enough where that is true: no profile is needed.
func TestDiscoveryDrivesTheClient(t *testing.T) {
	supported := func(name string, yes bool) func(map[string]any) {
		return func(config map[string]any) { config[name] = map[string]any{"supported": yes} }
	}
	paging := func(cursor bool) func(map[string]any) {
		return func(config map[string]any) {
			config["pagination"] = map[string]any{"cursor": cursor, "index": true, "maxPageSize": 7}
		}
	}
	for _, tt := range []struct {
		name      string
		say       func(config map[string]any)
		want, not string // what is sent, and what is not
	}{
		{"PATCH", supported("patch", true), "PATCH /Users/", "PUT /Users/"},
		{"no PATCH", supported("patch", false), "PUT /Users/", "PATCH /Users/"},
		{"bulk", supported("bulk", true), "POST /Bulk", "DELETE /Users/"},
		{"no bulk", supported("bulk", false), "DELETE /Users/", "POST /Bulk"},
		{"cursors, in pages of seven", paging(true), "GET /Users?count=7&cursor=", "startIndex"},
		{"no cursors, in pages of seven", paging(false), "GET /Users?count=7&startIndex=1", "cursor"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got sent
			d := directory(t, play(t, func(r *http.Request, body map[string]any) (int, bool) {
				got.add(r, body)
				return 0, false
			}, nil, func(r *http.Request, v map[string]any) {
				if strings.HasSuffix(r.URL.Path, "/ServiceProviderConfig") {
					tt.say(v)
				}
			}), nil)
			require.NoError(t, changeOne(t, d, provisioning.User, "title", "Director"))
			var gone []*provisioning.Change
			for r, err := range d.Records(t.Context(), provisioning.User) {
				require.NoError(t, err)
				link := provisioning.Link{Kind: provisioning.User, Target: r.ID}
				gone = append(gone, &provisioning.Change{Op: provisioning.Delete, Link: link, Before: r})
			}
			for i, err := range d.Batch(t.Context(), gone) {
				if err != nil {
					require.NoError(t, d.Delete(t.Context(), provisioning.Ref{Kind: provisioning.User, ID: gone[i].Target}))
				}
			}
			has := func(part string) bool {
				return slices.ContainsFunc(got.all(""), func(line string) bool { return strings.Contains(line, part) })
			}
			if !has(tt.want) || has(tt.not) {
				t.Errorf("sent %q; want %q and not %q", got.all(""), tt.want, tt.not)
			}
		})
	}
}
