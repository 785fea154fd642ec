package client_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim/client"
)

// Entra ID as a service provider (graph.microsoft.com/rp/scim), as the SCIM API reference of
// learn.microsoft.com/entra/identity/app-provisioning has it.

var entraFilters = map[bool]*regexp.Regexp{
	false: regexp.MustCompile(`^(userName|externalId|id|groups\.value) eq "[^"]*"$`),
	true:  regexp.MustCompile(`^(displayName|id|members\.value) eq "[^"]*"$`),
}

var entraPath = regexp.MustCompile(`^/(Users|Groups)(/[^/]+)?$|^/(ServiceProviderConfig|Schemas|ResourceTypes)$`)

func entra(r *http.Request, body map[string]any) (int, bool) {
	if !entraPath.MatchString(r.URL.Path) {
		return http.StatusNotFound, false
	}
	q := r.URL.Query()
	if f := q.Get("filter"); f != "" && !entraFilters[isGroup(r)].MatchString(f) || q.Has("startIndex") || q.Has("sortBy") {
		return http.StatusBadRequest, false
	}
	switch r.Method {
	case http.MethodGet, http.MethodPost, http.MethodPatch:
		if !strings.Contains(r.Header.Get("Accept"), "json") {
			return http.StatusBadRequest, false
		}
	case http.MethodDelete:
		if strings.Contains(r.Header.Get("Accept"), "json") {
			return http.StatusBadRequest, false
		}
	default:
		return http.StatusMethodNotAllowed, false
	}
	if r.Method == http.MethodPost {
		return entraNew(r, body), false
	}
	return entraMembers(operations(body)), false
}

func entraNew(r *http.Request, body map[string]any) (status int) {
	required := []string{"displayName"}
	if !isGroup(r) {
		required = append(required, "userName", "password", "active")
		name, _ := body["name"].(map[string]any)
		if name["familyName"] == nil || name["givenName"] == nil {
			return http.StatusBadRequest
		}
	}
	for _, name := range required {
		if body[name] == nil || body[name] == "" {
			return http.StatusBadRequest
		}
	}
	return 0
}

// entraMembers: 20 new members in one operation, or one that goes, and neither with anything else.
func entraMembers(ops []map[string]any) (status int) {
	for _, op := range ops {
		path, _ := op["path"].(string)
		list, _ := op["value"].([]any)
		switch {
		case strings.HasPrefix(path, "members") && (len(ops) > 1 || len(list) > 20 || op["op"] == "replace" || op["op"] == "remove" && path == "members"):
			return http.StatusBadRequest
		case strings.Contains(path, "[") && !strings.HasPrefix(path, "members[value eq ") && !strings.Contains(path, `[type eq "work"]`):
			return http.StatusBadRequest
		}
	}
	return 0
}

func entraAnswer(r *http.Request, v map[string]any) {
	if strings.HasSuffix(r.URL.Path, "/ServiceProviderConfig") {
		clear(v)
		v["patch"] = map[string]any{"supported": true}
		v["bulk"] = map[string]any{"supported": false, "maxOperations": 0, "maxPayloadSize": 0}
		v["filter"] = map[string]any{"supported": true, "maxResults": 200}
		v["pagination"] = map[string]any{"cursor": true, "index": false, "defaultPaginationMethod": "cursor", "defaultPageSize": 100, "maxPageSize": 1000}
		return
	}
	list, isList := v["Resources"].([]any)
	for _, e := range append(list, v) {
		if o, ok := e.(map[string]any); ok {
			delete(o, "members")
			if meta, ok := o["meta"].(map[string]any); ok {
				delete(meta, "version")
			}
		}
	}
	if isList {
		v["resources"] = list
		delete(v, "Resources")
		delete(v, "totalResults")
		delete(v, "startIndex")
	}
}

// A group of more members than a request takes comes and goes, and is given by asking for users.
func TestEntraMembers(t *testing.T) {
	var got sent
	d := directory(t, play(t, func(r *http.Request, body map[string]any) (int, bool) {
		got.add(r, body)
		return entra(r, body)
	}, nil, entraAnswer), &client.Options{Profile: client.Entra(), Rate: 1e6, Burst: 1e6})
	g, err := d.Create(t.Context(), record(provisioning.Group, 1))
	require.NoError(t, err)
	group := provisioning.Ref{Kind: provisioning.Group, ID: g}
	var users []provisioning.Ref
	for n := range 45 {
		id, err := d.Create(t.Context(), record(provisioning.User, n))
		require.NoError(t, err)
		users = append(users, provisioning.Ref{Kind: provisioning.User, ID: id})
	}
	require.NoError(t, d.EditRefs(t.Context(), group, "members", users[:44], nil))
	require.NoError(t, d.EditRefs(t.Context(), group, "members", users[44:], users[:3]))
	want := strings.Repeat(" add", 3) + strings.Repeat(" remove", 3) + " add"
	have := ""
	for _, line := range got.all(http.MethodPatch) {
		have += " " + strings.Fields(line)[2]
	}
	if have != want {
		t.Errorf("sent%s, want%s", have, want)
	}
	for r, err := range d.Records(t.Context(), provisioning.Group) {
		require.NoError(t, err)
		if n := len(r.Refs["members"]); n != 42 {
			t.Errorf("%d members, want 42", n)
		}
	}
}

// A password is given where the server wants one, to nobody else, each its own, and it is in no error.
func TestRandomPassword(t *testing.T) {
	seen := map[string]bool{}
	url := play(t, func(r *http.Request, body map[string]any) (int, bool) {
		if r.Method == http.MethodPost {
			seen[fmt.Sprint(body["password"])] = true
		}
		return 0, false
	}, nil, nil)
	for n, p := range []*client.Profile{client.Entra(), client.Entra(), client.Generic()} {
		_, err := directory(t, url, &client.Options{Profile: p}).Create(t.Context(), record(provisioning.User, n))
		require.NoError(t, err)
	}
	if len(seen) != 3 || !seen["<nil>"] || seen[""] {
		t.Errorf("%d passwords, want two and none", len(seen))
	}
}
