package client_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim/client"
)

// What users of other products that push to SCIM services reported, by the number of the report: what the service does, and
// what this package makes of it.

// sent is what came to a service: "METHOD path", and the operations of a PATCH.
type sent struct {
	mu   sync.Mutex
	list []string
}

func (s *sent) add(r *http.Request, body map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := r.Method + " " + r.URL.RequestURI()
	for _, op := range operations(body) {
		line += fmt.Sprintf(" %v %v", op["op"], op["path"])
	}
	s.list = append(s.list, line)
}

func (s *sent) all(method string) (list []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.list {
		if method == "" || strings.HasPrefix(line, method+" ") {
			list = append(list, line)
		}
	}
	return list
}

// changeOne has a directory change one attribute of a user.
func changeOne(t *testing.T, d *client.Directory, kind provisioning.Kind, name, value string) error {
	t.Helper()
	r := record(kind, 1)
	id, err := d.Create(t.Context(), r)
	require.NoError(t, err)
	after := r.Clone()
	after.Attributes.Set(name, value)
	return d.Update(t.Context(), &provisioning.Change{Op: provisioning.Update, Link: provisioning.Link{Kind: kind, Target: id}, Before: r, After: after})
}

func TestPains(t *testing.T) {
	none := func(*http.Request, map[string]any) (int, bool) { return 0, false }
	for _, tt := range []struct {
		name    string
		profile *client.Profile
		refuse  vendor
		answer  func(*http.Request, map[string]any)
		kind    provisioning.Kind
		attr    string
		want    string // in one of the changes that are sent
		fails   error
	}{
		{"authentik 16678: a 404 to a PUT does not say that the record is gone", &client.Profile{Users: client.ChangePut}, google, nil, provisioning.User, "title", "PUT /Users/", nil},
		{"authentik 16678: Google Cloud Identity is sent no PUT", client.GoogleCloudIdentity(), google, nil, provisioning.User, "title", "replace title", nil},
		{"authentik 25056: bulk without maxOperations does not disable PATCH", nil, none, func(_ *http.Request, v map[string]any) {
			if bulk, ok := v["bulk"].(map[string]any); ok {
				delete(bulk, "maxOperations")
				delete(bulk, "maxPayloadSize")
			}
		}, provisioning.User, "title", "PATCH /Users/", nil},
		{"authentik 25056: nor does no bulk at all", nil, none, func(_ *http.Request, v map[string]any) { delete(v, "bulk") }, provisioning.User, "title", "PATCH /Users/", nil},
		{"authentik 23573: GitLab is told of active only", client.GitLab(), none, nil, provisioning.User, "title", "", provisioning.ErrInvalid},
		{"authentik 23950: no id in a PATCH", nil, func(_ *http.Request, body map[string]any) (int, bool) {
			for _, op := range operations(body) {
				value, _ := op["value"].(map[string]any)
				if _, has := value["id"]; has || op["path"] == "id" {
					return http.StatusBadRequest, false
				}
			}
			return 0, false
		}, nil, provisioning.Group, "displayName", "PATCH /Groups/", nil},
		{"teleport 61511: a change is a PATCH of what changes, not a PUT of all", nil, none, nil, provisioning.User, "title", "replace title", nil},
		{"authentik 12321: AWS is sent no filter in a path", client.AWS(), aws, nil, provisioning.User, `emails[type eq "work"].value`, "PATCH /Users/", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got sent
			d := directory(t, play(t, func(r *http.Request, body map[string]any) (int, bool) {
				got.add(r, body)
				return tt.refuse(r, body)
			}, nil, tt.answer), &client.Options{Profile: tt.profile, Rate: 1e6, Burst: 1e6})
			err := changeOne(t, d, tt.kind, tt.attr, "changed@example.com")
			switch {
			case tt.fails != nil && !errors.Is(err, tt.fails):
				t.Errorf("error %v, want %v", err, tt.fails)
			case errors.Is(err, provisioning.ErrNotFound):
				t.Errorf("the record is said to be gone: %v", err)
			case tt.fails == nil && err != nil && !strings.Contains(tt.want, "PUT"):
				t.Error(err)
			}
			changes := append(got.all(http.MethodPatch), got.all(http.MethodPut)...)
			if (tt.want == "") != (len(changes) == 0) || tt.want != "" && !slices.ContainsFunc(changes, func(s string) bool { return strings.Contains(s, tt.want) }) {
				t.Errorf("sent %q, want %q", changes, tt.want)
			}
		})
	}
}

// authentik 18230, 20410, 20530: AWS takes 100 changes of members in a request.
func TestPainAWSMembers(t *testing.T) {
	var got sent
	d := directory(t, play(t, func(r *http.Request, body map[string]any) (int, bool) {
		got.add(r, body)
		return aws(r, body)
	}, awsQuery, awsAnswer), &client.Options{Profile: client.AWS(), Rate: 1e6, Burst: 1e6})
	g, err := d.Create(t.Context(), record(provisioning.Group, 1))
	require.NoError(t, err)
	var users []provisioning.Ref
	for n := range 230 {
		id, err := d.Create(t.Context(), record(provisioning.User, n))
		require.NoError(t, err)
		users = append(users, provisioning.Ref{Kind: provisioning.User, ID: id})
	}
	before := len(got.all(http.MethodPatch))
	require.NoError(t, d.EditRefs(t.Context(), provisioning.Ref{Kind: provisioning.Group, ID: g}, "members", users, nil))
	if n := len(got.all(http.MethodPatch)) - before; n != 3 {
		t.Errorf("230 members were sent in %d requests, want 3", n)
	}
	require.NoError(t, d.EditRefs(t.Context(), provisioning.Ref{Kind: provisioning.Group, ID: g}, "members", nil, users))
	if find(t, d, users[0].ID).ID != users[0].ID {
		t.Error("a user is gone")
	}
}

// teleport 61511: what was refused with 429 is sent again, and nothing is lost or written twice.
func TestPainTooManyRequests(t *testing.T) {
	var mu sync.Mutex
	refused, writes := 0, 0
	d := directory(t, play(t, func(r *http.Request, _ map[string]any) (int, bool) {
		if r.Method != http.MethodPost {
			return 0, false
		}
		mu.Lock()
		defer mu.Unlock()
		writes++
		if writes%3 == 1 {
			refused++
			return http.StatusTooManyRequests, false
		}
		return 0, false
	}, nil, nil), &client.Options{MaxWait: 5 * time.Millisecond})
	for n := range 10 {
		_, err := d.Create(t.Context(), record(provisioning.User, n))
		require.NoError(t, err)
	}
	if refused == 0 {
		t.Fatal("nothing was refused")
	}
	seen := 0
	for _, err := range d.Records(t.Context(), provisioning.User) {
		require.NoError(t, err)
		seen++
	}
	if seen != 10 {
		t.Errorf("%d users, want 10", seen)
	}
}

// Ping 107: a client that writes in bulk, with references between what is made.
func TestPainBulk(t *testing.T) {
	c, err := client.New(serve(t, nil), nil)
	require.NoError(t, err)
	b := &client.Bulk{}
	b.Create("/Groups", team("Guides", b.Create("/Users", person(1)), b.Create("/Users", person(2))))
	results, err := c.Bulk(t.Context(), b)
	require.NoError(t, err)
	for i, r := range results {
		if r.Err != nil || r.ID == "" {
			t.Fatalf("operation %d: %+v", i, r)
		}
	}
	g, err := c.Get(t.Context(), "/Groups", results[2].ID)
	require.NoError(t, err)
	if got := len(g.GetValues("members")); got != 2 {
		t.Errorf("%d members, want 2", got)
	}
}
