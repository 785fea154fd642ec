package client_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim/client"
)

// GitHub Enterprise (EMU and Server), as docs.github.com/rest/enterprise-admin/scim has it.

var (
	githubPath   = regexp.MustCompile(`^/(Users|Groups)(/[^/]+)?$`) // case-sensitive, and no other endpoints
	githubFilter = regexp.MustCompile(`^(userName|externalId|id|displayName) eq "[^"]*"$`)
)

func github(r *http.Request, body map[string]any) (int, bool) {
	if !githubPath.MatchString(r.URL.Path) {
		return http.StatusNotFound, false
	}
	if r.Header.Get("Authorization") != "Bearer ghp_classic" {
		return http.StatusUnauthorized, false
	}
	if f := r.URL.Query().Get("filter"); f != "" && !githubFilter.MatchString(f) {
		return http.StatusBadRequest, false
	}
	for _, op := range operations(body) {
		if path, _ := op["path"].(string); strings.Contains(path, "[") {
			return http.StatusBadRequest, false
		}
	}
	return 0, false
}

// Whoever wants groups without their members can say so, and this package does where it needs none: groups may be large.
func TestGitHubIsAskedForNoMembersWhereNoneAreNeeded(t *testing.T) {
	var got sent
	url := play(t, func(r *http.Request, body map[string]any) (int, bool) {
		got.add(r, body)
		if r.Method == http.MethodPatch {
			return http.StatusNotFound, false // as for a way of changing that it does not have
		}
		return github(r, body)
	}, nil, nil)
	o := &client.Options{Profile: client.GitHub(), Token: "ghp_classic"}
	c, err := client.New(url, o)
	require.NoError(t, err)
	for _, err := range c.List(t.Context(), "/Groups", &client.Query{ExcludedAttributes: []string{"members"}}) {
		require.NoError(t, err)
	}
	if err := changeOne(t, directory(t, url, o), provisioning.Group, "displayName", "changed"); err == nil {
		t.Error("a PATCH that was answered with 404 was a success")
	}
	read := 0
	for _, line := range got.all(http.MethodGet) {
		if !strings.HasPrefix(line, "GET /Groups") {
			continue
		}
		if read++; !strings.Contains(line, "excludedAttributes=members") {
			t.Errorf("%s asks for members", line)
		}
	}
	if read != 2 {
		t.Errorf("%d reads of groups, want 2", read)
	}
}
