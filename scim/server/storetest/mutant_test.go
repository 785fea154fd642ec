package storetest_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
	"github.com/ilumy/usersync/scim/server/storetest"
)

// A mutant is a Store that is right but for one thing.
type mutant struct {
	server.Store
	replace func(ctx context.Context, s server.Store, t *scim.ResourceType, r *scim.Resource, ifVersion string) (*scim.Resource, error)
	create  func(ctx context.Context, s server.Store, t *scim.ResourceType, r *scim.Resource) (*scim.Resource, error)
	list    func(ctx context.Context, s server.Store, q *server.Query) (*server.Page, error)
	delete  func(ctx context.Context, s server.Store, t *scim.ResourceType, id, ifVersion string) error
}

func (m *mutant) Replace(ctx context.Context, t *scim.ResourceType, r *scim.Resource, ifVersion string) (*scim.Resource, error) {
	if m.replace != nil {
		return m.replace(ctx, m.Store, t, r, ifVersion)
	}
	return m.Store.Replace(ctx, t, r, ifVersion)
}

func (m *mutant) Create(ctx context.Context, t *scim.ResourceType, r *scim.Resource) (*scim.Resource, error) {
	if m.create != nil {
		return m.create(ctx, m.Store, t, r)
	}
	return m.Store.Create(ctx, t, r)
}

func (m *mutant) List(ctx context.Context, q *server.Query) (*server.Page, error) {
	if m.list != nil {
		return m.list(ctx, m.Store, q)
	}
	return m.Store.List(ctx, q)
}

func (m *mutant) Delete(ctx context.Context, t *scim.ResourceType, id, ifVersion string) error {
	if m.delete != nil {
		return m.delete(ctx, m.Store, t, id, ifVersion)
	}
	return m.Store.Delete(ctx, t, id, ifVersion)
}

// mutants are the mistakes that authors of Stores make, by the part of the test that finds them.
var mutants = map[string]mutant{
	"compare and swap": {replace: func(ctx context.Context, s server.Store, t *scim.ResourceType, r *scim.Resource, _ string) (*scim.Resource, error) {
		return s.Replace(ctx, t, r, "")
	}},
	"members at once": {replace: func(ctx context.Context, s server.Store, t *scim.ResourceType, r *scim.Resource, _ string) (*scim.Resource, error) {
		return s.Replace(ctx, t, r, "") // what others added meanwhile is lost
	}},
	"unique values": {create: func(ctx context.Context, s server.Store, t *scim.ResourceType, r *scim.Resource) (*scim.Resource, error) {
		created, err := s.Create(ctx, t, r)
		if err != nil {
			r.Set("userName", r.GetString("userName")+" again")
			return s.Create(ctx, t, r)
		}
		return created, nil
	}},
	"filters": {list: func(ctx context.Context, s server.Store, q *server.Query) (*server.Page, error) {
		c := *q
		c.Filter = nil
		return s.List(ctx, &c)
	}},
	"orders": {list: func(ctx context.Context, s server.Store, q *server.Query) (*server.Page, error) {
		c := *q
		c.Order = nil
		return s.List(ctx, &c)
	}},
	"pages by index": {list: func(ctx context.Context, s server.Store, q *server.Query) (*server.Page, error) {
		page, err := s.List(ctx, q)
		if err == nil {
			page.Total = len(page.Resources) // of this page only
		}
		return page, err
	}},
	"pages by cursor": {list: func(ctx context.Context, s server.Store, q *server.Query) (*server.Page, error) {
		page, err := s.List(ctx, q)
		if err == nil && q.ByCursor {
			page.NextCursor = ""
		}
		return page, err
	}},
	"delete": {delete: func(context.Context, server.Store, *scim.ResourceType, string, string) error { return nil }},
	"answers are not changed later": {replace: func(ctx context.Context, s server.Store, t *scim.ResourceType, r *scim.Resource, v string) (*scim.Resource, error) {
		old, err := s.Get(ctx, t, r.ID(), nil)
		if err == nil {
			old.Object = *r.Object.Clone() // in place
		}
		return s.Replace(ctx, t, r, v)
	}},
}

const mutantVariable = "STORETEST_MUTANT"

// TestMutants proves that the test finds each mistake: it runs itself again on a Store that makes it, and must fail.
func TestMutants(t *testing.T) {
	if name := os.Getenv(mutantVariable); name != "" {
		for part, test := range storetest.Parts() {
			if part == name {
				m := mutants[name]
				m.Store = memstore.New(nil)
				test(t, &m)
			}
		}
		return
	}
	for name := range mutants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestMutants$")
			cmd.Env = append(os.Environ(), mutantVariable+"="+name)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "--- FAIL: TestMutants") {
				t.Errorf("a Store that makes this mistake passes: %v\n%s", err, out)
			}
		})
	}
}
