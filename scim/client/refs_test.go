package client_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/client"
)

func link(kind provisioning.Kind, id provisioning.ID) provisioning.Link {
	return provisioning.Link{Kind: kind, Target: id}
}

// An Update changes references too, for those who do not ask for a RefEditor.
func TestUpdateChangesReferences(t *testing.T) {
	for name, profile := range map[string]*client.Profile{"patch": nil, "put": {Users: client.ChangePut, Groups: client.ChangePut}} {
		t.Run(name, func(t *testing.T) {
			d := directory(t, serve(t, nil), &client.Options{Profile: profile})
			var people []provisioning.ID
			for n := range 3 {
				id, err := d.Create(t.Context(), record(provisioning.User, n))
				require.NoError(t, err)
				people = append(people, id)
			}
			group, err := d.Create(t.Context(), record(provisioning.Group, 1))
			require.NoError(t, err)
			update := func(of provisioning.Link, ref string, after *provisioning.Record, add, remove []provisioning.ID) {
				t.Helper()
				c := &provisioning.Change{Op: provisioning.Update, Link: of, Before: record(of.Kind, 1), After: after,
					Add: map[string][]provisioning.Link{}, Remove: map[string][]provisioning.Link{}}
				for _, id := range add {
					c.Add[ref] = append(c.Add[ref], link(provisioning.User, id))
				}
				for _, id := range remove {
					c.Remove[ref] = append(c.Remove[ref], link(provisioning.User, id))
				}
				require.NoError(t, d.Update(t.Context(), c))
			}
			renamed := record(provisioning.Group, 1)
			renamed.Attributes.Set("displayName", "Renamed")
			update(link(provisioning.Group, group), "members", renamed, people, nil)
			update(link(provisioning.Group, group), "members", nil, nil, people[:1])
			for r, err := range d.Records(t.Context(), provisioning.Group) {
				require.NoError(t, err)
				if len(r.Refs["members"]) != 2 || r.Attributes.Get("displayName") != "Renamed" {
					t.Errorf("%s has members %v, want 2", r.Attributes.Get("displayName"), r.Refs["members"])
				}
			}
			update(link(provisioning.User, people[0]), "manager", nil, people[1:2], nil)
			if got := find(t, d, people[0]).Refs["manager"]; len(got) != 1 || got[0].ID != people[1] {
				t.Errorf("manager %v, want %s", got, people[1])
			}
			update(link(provisioning.User, people[0]), "manager", nil, people[2:], people[1:2])
			if got := find(t, d, people[0]).Refs["manager"]; len(got) != 1 || got[0].ID != people[2] {
				t.Errorf("manager %v, want %s", got, people[2])
			}
			// Somebody else has set another manager meanwhile, who is not ours to remove.
			require.NoError(t, d.EditRefs(t.Context(), provisioning.Ref{Kind: provisioning.User, ID: people[0]}, "manager", nil, []provisioning.Ref{{Kind: provisioning.User, ID: people[1]}}))
			if got := find(t, d, people[0]).Refs["manager"]; len(got) != 1 || got[0].ID != people[2] {
				t.Errorf("manager %v, want %s still", got, people[2])
			}
			update(link(provisioning.User, people[0]), "manager", nil, nil, people[2:])
			if got := find(t, d, people[0]).Refs["manager"]; len(got) != 0 {
				t.Errorf("manager %v, want none", got)
			}
		})
	}
}

// Strict servers refuse the removal of who is no member; then the others are removed nevertheless.
func TestRemovalOfWhoIsNoMember(t *testing.T) {
	var removed []string
	url := through(t, serve(t, nil), func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method != http.MethodPatch {
			next.ServeHTTP(w, r)
			return
		}
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		body := map[string]any{}
		if err := json.Unmarshal(b, &body); err != nil {
			t.Error(err)
		}
		for _, op := range operations(body) {
			if op["path"] == `members[value eq "gone"]` {
				w.WriteHeader(http.StatusBadRequest)
				_, _ = w.Write((&scim.Error{Status: 400, Type: "noTarget"}).AppendJSON(nil))
				return
			}
		}
		for _, op := range operations(body) {
			removed = append(removed, op["op"].(string)+" "+op["path"].(string))
		}
		w.WriteHeader(http.StatusNoContent)
	})
	d := directory(t, url, nil)
	user := func(id provisioning.ID) provisioning.Ref { return provisioning.Ref{Kind: provisioning.User, ID: id} }
	err := d.EditRefs(t.Context(), provisioning.Ref{Kind: provisioning.Group, ID: "1"}, "members",
		[]provisioning.Ref{user("new")}, []provisioning.Ref{user("a"), user("gone"), user("b")})
	require.NoError(t, err)
	want := []string{`remove members[value eq "a"]`, `remove members[value eq "b"]`, "add members"}
	if diff := cmp.Diff(want, removed); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReferencesThatAreNone(t *testing.T) {
	d := directory(t, "https://example.com", nil)
	for _, tt := range []struct {
		kind provisioning.Kind
		name string
		want error
	}{
		{provisioning.User, "members", provisioning.ErrInvalid},
		{provisioning.Group, "manager", provisioning.ErrInvalid},
		{provisioning.User, "assistant", provisioning.ErrInvalid},
		{"Device", "owner", errors.ErrUnsupported},
	} {
		err := d.EditRefs(t.Context(), provisioning.Ref{Kind: tt.kind, ID: "1"}, tt.name, []provisioning.Ref{{Kind: provisioning.User, ID: "2"}}, nil)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s of a %s: error %v, want class %v", tt.name, tt.kind, err, tt.want)
		}
	}
}

// What a server answers to a Create differs; the ID is found in each.
func TestAnswersToCreate(t *testing.T) {
	for _, tt := range []struct {
		name     string
		status   int
		location string
		body     string
		want     provisioning.ID
		err      error
	}{
		{"whole", 201, "", `{"id":"7","userName":"x"}`, "7", nil},
		{"id only", 200, "", `{"id":"7"}`, "7", nil},
		{"address only", 201, "https://example.com/scim/v2/Users/7", "", "7", nil},
		{"address with a slash, relative", 201, "/scim/v2/Users/a%20b/", "", "a b", nil},
		{"neither", 204, "", "", "", client.ErrNotSCIM},
		{"a page", 200, "", "<html></html>", "", client.ErrNotSCIM},
		{"no such endpoint", 404, "", `{"status":"404","detail":"no"}`, "", errors.ErrUnsupported},
		{"lost", 503, "", "", "", provisioning.ErrUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asked := 0
			url := through(t, "http://127.0.0.1:1", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
				asked++
				if tt.location != "" {
					w.Header().Set("Location", tt.location)
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})
			id, err := directory(t, url, nil).Create(t.Context(), record(provisioning.User, 1))
			if id != tt.want || !errors.Is(err, tt.err) || tt.err == nil && err != nil {
				t.Errorf("ID %q, error %v; want %q, %v", id, err, tt.want, tt.err)
			}
			if errors.Is(err, provisioning.ErrNotFound) {
				t.Errorf("error %v says that a record is gone that was to be made", err)
			}
			if asked != 1 {
				t.Errorf("it was sent %d times, want once", asked)
			}
		})
	}
}
