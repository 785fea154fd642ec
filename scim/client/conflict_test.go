package client_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim/client"
)

// Two who change one group at the same moment try again; that is no value that somebody else has.
func TestConflictOfMembersIsTriedAgain(t *testing.T) {
	url := through(t, serve(t, nil), func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodPatch {
			w.WriteHeader(http.StatusConflict)
			return
		}
		next.ServeHTTP(w, r)
	})
	d := directory(t, url, nil)
	err := d.EditRefs(t.Context(), provisioning.Ref{Kind: provisioning.Group, ID: "1"}, "members", []provisioning.Ref{{Kind: provisioning.User, ID: "2"}}, nil)
	if !errors.Is(err, provisioning.ErrUnavailable) || errors.Is(err, provisioning.ErrExists) {
		t.Errorf("error %v, want one of class ErrUnavailable", err)
	}
}

// A PATCH whose first answer was lost is sent again, and then meets its own work.
func TestConflictWithOurselvesIsSuccess(t *testing.T) {
	target := serve(t, nil)
	var lost atomic.Bool
	url := through(t, target, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodPatch && lost.CompareAndSwap(true, false) {
			next.ServeHTTP(discard{}, r)
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	})
	d := directory(t, url, &client.Options{MaxWait: time.Millisecond})
	id, err := d.Create(t.Context(), record(provisioning.User, 1))
	require.NoError(t, err)
	for _, name := range []string{"title", `emails[type eq "work"].value`} {
		before := find(t, d, id)
		after := before.Clone()
		after.Attributes.Set(name, "new value of "+name[:5])
		lost.Store(true)
		c := &provisioning.Change{Op: provisioning.Update, Link: provisioning.Link{Kind: provisioning.User, Target: id}, Before: before, After: after}
		if err := d.Update(t.Context(), c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if lost.Load() {
			t.Errorf("%s: no answer was lost", name)
		}
		if got := find(t, d, id).Attributes.Get(name); got != "new value of "+name[:5] {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// A record that somebody else changed since the plan was made is not written over.
func TestConflictWithOthersIsTold(t *testing.T) {
	for name, profile := range map[string]*client.Profile{"patch": nil, "put": {Users: client.ChangePut}} {
		for _, attribute := range []string{"title", `emails[type eq "work"].value`} {
			t.Run(fmt.Sprint(name, " ", attribute[:5]), func(t *testing.T) {
				d := directory(t, serve(t, nil), &client.Options{Profile: profile})
				id, err := d.Create(t.Context(), record(provisioning.User, 1))
				require.NoError(t, err)
				before := find(t, d, id)
				require.NotEmpty(t, before.Version)
				change := func(value string) error {
					after := before.Clone()
					after.Attributes.Set(attribute, value)
					return d.Update(t.Context(), &provisioning.Change{Op: provisioning.Update, Link: provisioning.Link{Kind: provisioning.User, Target: id}, Before: before, After: after})
				}
				require.NoError(t, change("theirs"))
				if err := change("ours"); !errors.Is(err, provisioning.ErrConflict) {
					t.Errorf("error %v, want one that wraps ErrConflict", err)
				}
				if got := find(t, d, id).Attributes.Get(attribute); got != "theirs" {
					t.Errorf("%s is %q, want what the other wrote", attribute, got)
				}
			})
		}
	}
}

func find(t *testing.T, d *client.Directory, id provisioning.ID) *provisioning.Record {
	t.Helper()
	for r, err := range d.Find(t.Context(), provisioning.Lookup{Kind: provisioning.User, By: provisioning.ByID, Values: []string{string(id)}}) {
		require.NoError(t, err)
		return r
	}
	t.Fatal("not found")
	return nil
}

// discard takes an answer that gets lost.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}
