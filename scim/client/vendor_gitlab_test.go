package client_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim/client"
)

// gitlab takes PATCH of active only, and has neither PUT nor groups nor a document of what it can.
func gitlab(r *http.Request, body map[string]any) (int, bool) {
	switch {
	case !strings.HasPrefix(r.URL.Path, "/Users"):
		return http.StatusNotFound, false
	case r.Method == http.MethodPut:
		return http.StatusNotFound, true
	case r.Method == http.MethodPatch:
		for _, op := range operations(body) {
			if op["path"] != "active" {
				return http.StatusBadRequest, false
			}
		}
	}
	return 0, false
}

// TestGitLab: only who is active can be told.
func TestGitLab(t *testing.T) {
	var patched atomic.Int64
	url := play(t, func(r *http.Request, body map[string]any) (int, bool) {
		if r.Method == http.MethodPatch {
			patched.Add(1)
		}
		return gitlab(r, body)
	}, nil, nil)
	d := directory(t, url, &client.Options{Profile: client.GitLab()})
	r := record(provisioning.User, 1)
	id, err := d.Create(t.Context(), r)
	require.NoError(t, err)
	change := func(f func(*provisioning.Record)) error {
		after := r.Clone()
		f(after)
		return d.Update(t.Context(), &provisioning.Change{Op: provisioning.Update, Link: provisioning.Link{Kind: provisioning.User, Target: id}, Before: r, After: after})
	}
	if err := change(func(r *provisioning.Record) { r.Disabled = true }); err != nil {
		t.Errorf("deactivate: %v", err)
	}
	before := patched.Load()
	err = change(func(r *provisioning.Record) { r.Attributes.Set("title", "Director") })
	if !errors.Is(err, provisioning.ErrInvalid) || !strings.Contains(err.Error(), "title") || !strings.Contains(err.Error(), "GitLab") {
		t.Errorf("error %v; want one of class ErrInvalid that names the attribute and the service", err)
	}
	if patched.Load() != before {
		t.Error("a change was sent that the service is known to refuse")
	}
}

// People come, leave and come back; groups, which GitLab does not have, are left alone, and so is who is already there.
func TestGitLabStory(t *testing.T) {
	url := play(t, gitlab, nil, nil)
	d := directory(t, url, &client.Options{Profile: client.GitLab()})
	people := company{people: 30, edit: func(r *provisioning.Record, _ int) { r.Refs = nil }}
	sync, err := provisioning.New(&people, asIs{}, d, nil)
	require.NoError(t, err)
	for _, want := range []int{30, 28, 30} {
		people.people = want
		report, err := sync.Run(t.Context())
		require.NoError(t, err)
		require.NoError(t, report.Err())
		if active, inactive := state(t, d); active != want || inactive != 30-want {
			t.Errorf("%d active and %d inactive, want %d and %d", active, inactive, want, 30-want)
		}
		plan, err := sync.Plan(t.Context())
		require.NoError(t, err)
		if len(plan.Changes) > 0 {
			t.Errorf("a second plan has %d changes, want none", len(plan.Changes))
		}
	}
	// A change that cannot be told fails for who it concerns, and for nobody else.
	people.edit = func(r *provisioning.Record, n int) {
		r.Refs = nil
		if n == 3 {
			r.Attributes.Set("title", "Director")
		}
		r.Disabled = n == 4
	}
	report, err := sync.Run(t.Context())
	require.NoError(t, err)
	failed := ""
	for _, f := range report.Failures {
		failed += fmt.Sprint(f.Source, " ")
	}
	if active, inactive := state(t, d); failed != "p3 " || active != 29 || inactive != 1 {
		t.Errorf("failed: %s; %d active and %d inactive, want p3, 29 and 1", failed, active, inactive)
	}
}
