package plekclient_test

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/plekclient"
	"github.com/ilumy/usersync/plekclient/plektest"
	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
	"github.com/ilumy/usersync/scim"
)

// company makes a source of n people and of groups that each has ten of them.
func company(n int) *memory.Store {
	s := memory.New(nil)
	for i := range n {
		r := record(provisioning.User, i)
		r.ID = provisioning.ID(fmt.Sprint("guid-", i))
		if i > 0 {
			r.Refs = provisioning.Refs{"manager": {{Kind: provisioning.User, ID: "guid-0"}}}
		}
		s.Put(r)
	}
	for g := range n / 10 {
		r := record(provisioning.Group, g)
		r.ID = provisioning.ID(fmt.Sprint("group-", g))
		r.Refs = provisioning.Refs{"members": {}}
		for i := range 10 {
			r.Refs["members"] = append(r.Refs["members"], provisioning.Ref{Kind: provisioning.User, ID: provisioning.ID(fmt.Sprint("guid-", g*10+i))})
		}
		s.Put(r)
	}
	return s
}

// bring runs the reconciler until a plan is empty, and gives how many runs that took.
func bring(t *testing.T, src provisioning.Source, sink provisioning.Sink) int {
	t.Helper()
	policy := plekclient.Policy()
	policy.Adopt = []provisioning.Match{{Kind: provisioning.User, Attributes: []string{"emails"}}}
	r, err := provisioning.New(src, asIs{}, sink, &provisioning.Options{Policy: policy, Concurrency: 16, Wait: time.Millisecond})
	require.NoError(t, err)
	for runs := range 10 {
		plan, err := r.Plan(t.Context())
		require.NoError(t, err)
		if plan.Empty() {
			require.Empty(t, plan.Held)
			return runs
		}
		report, err := r.Apply(t.Context(), plan)
		require.NoError(t, err)
		if err := report.Err(); err != nil {
			t.Logf("run %d: %v", runs+1, err)
		}
	}
	t.Fatal("ten runs did not bring the sink in step")
	return 0
}

// checkCompany checks that everybody is there exactly once.
func checkCompany(t *testing.T, s *plektest.Server, n int) {
	t.Helper()
	seen := map[string]int{}
	managed := 0
	for _, u := range s.Users() {
		seen[u.ExternalID()]++
		if u.GetObject(scim.EnterpriseUserSchema).GetObject("manager") != nil {
			managed++
		}
	}
	for i := range n {
		if key := fmt.Sprint("guid-", i); seen[key] != 1 {
			t.Errorf("%s is there %d times", key, seen[key])
		}
	}
	if len(seen) != n || managed != n-1 {
		t.Errorf("there are %d people, %d with a manager; want %d and %d", len(seen), managed, n, n-1)
	}
	groups := s.Groups()
	if len(groups) != n/10 {
		t.Errorf("there are %d groups, want %d", len(groups), n/10)
	}
	for _, g := range groups {
		if m := len(g.GetValues("members")); m != 10 {
			t.Errorf("group %s has %d members, want 10", g.ExternalID(), m)
		}
	}
}

func TestSyncThroughTrouble(t *testing.T) {
	const people = 60
	writes := func(every int64, f plektest.Fault) func(*http.Request) *plektest.Fault {
		var n atomic.Int64
		return func(r *http.Request) *plektest.Fault {
			if r.Method == http.MethodGet || n.Add(1)%every != 0 {
				return nil
			}
			return &f
		}
	}
	reads := func(every int64, f plektest.Fault) func(*http.Request) *plektest.Fault {
		var n atomic.Int64
		return func(r *http.Request) *plektest.Fault {
			if r.Method != http.MethodGet || n.Add(1)%every != 0 {
				return nil
			}
			return &f
		}
	}
	for _, tt := range []struct {
		name   string
		server plektest.Options
		client plekclient.Options
		runs   int // at most
	}{
		{"none", plektest.Options{}, plekclient.Options{}, 1},
		{"small pages", plektest.Options{PageSize: 7}, plekclient.Options{}, 1},
		{"too many requests", plektest.Options{Rate: 150}, plekclient.Options{}, 1},
		{"a rate that is kept", plektest.Options{Rate: 400}, plekclient.Options{Rate: 300}, 1},
		{"429 now and then", plektest.Options{Fault: writes(5, plektest.Fault{Status: 429, RetryAfter: 10 * time.Millisecond})}, plekclient.Options{}, 1},
		{"500 before the write", plektest.Options{Fault: writes(5, plektest.Fault{Status: 500})}, plekclient.Options{}, 2},
		{"503 after the write", plektest.Options{Fault: writes(5, plektest.Fault{Status: 503, Done: true})}, plekclient.Options{}, 2},
		{"reset before the write", plektest.Options{Fault: writes(5, plektest.Fault{Reset: true})}, plekclient.Options{}, 2},
		{"reset after the write", plektest.Options{Fault: writes(5, plektest.Fault{Reset: true, Done: true})}, plekclient.Options{}, 2},
		{"a page instead of an answer", plektest.Options{Fault: writes(9, plektest.Fault{Status: 502, HTML: true, Done: true})}, plekclient.Options{}, 2},
		{"time-out before the write", plektest.Options{Fault: writes(9, plektest.Fault{Delay: 900 * time.Millisecond, Status: 500})}, plekclient.Options{Timeout: 450 * time.Millisecond}, 5},
		{"time-out after the write", plektest.Options{Fault: writes(9, plektest.Fault{Delay: 900 * time.Millisecond, Done: true, Status: 500})}, plekclient.Options{Timeout: 450 * time.Millisecond}, 5},
		{"reads that fail", plektest.Options{Fault: reads(3, plektest.Fault{Reset: true})}, plekclient.Options{}, 1},
		{"tokens that expire at once", plektest.Options{ClientID: "id", ClientSecret: "secret", TokenLifetime: time.Second}, plekclient.Options{ClientID: "id", ClientSecret: "secret"}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, &tt.server)
			tt.client.MaxWait = 20 * time.Millisecond
			if tt.server.Rate > 0 {
				tt.client.MaxWait = 2 * time.Second
			}
			runs := bring(t, company(people), connect(t, s, &tt.client))
			if runs > tt.runs {
				t.Errorf("it took %d runs, want at most %d", runs, tt.runs)
			}
			checkCompany(t, s, people)
		})
	}
}

// A token that is replaced, or revoked, while a run goes on stops nobody.
func TestTokensChangeDuringARun(t *testing.T) {
	t.Run("rotated", func(t *testing.T) {
		var current atomic.Value
		current.Store("token-0")
		var writes atomic.Int64
		var s *plektest.Server
		s = start(t, &plektest.Options{Tokens: []string{"token-0"}, Fault: func(r *http.Request) *plektest.Fault {
			if n := writes.Add(1); n%40 == 0 {
				next := fmt.Sprint("token-", n)
				s.SetTokens(next)
				current.Store(next)
			}
			return nil
		}})
		sink := connect(t, s, &plekclient.Options{TokenSource: func(context.Context) (string, error) { return current.Load().(string), nil }})
		bring(t, company(30), sink)
		checkCompany(t, s, 30)
	})
	t.Run("revoked", func(t *testing.T) {
		var writes atomic.Int64
		var s *plektest.Server
		s = start(t, &plektest.Options{ClientID: "id", ClientSecret: "secret", Fault: func(r *http.Request) *plektest.Fault {
			if writes.Add(1)%40 == 0 {
				s.RevokeIssued()
			}
			return nil
		}})
		bring(t, company(30), connect(t, s, &plekclient.Options{ClientID: "id", ClientSecret: "secret"}))
		checkCompany(t, s, 30)
	})
}

// Who was added by hand gets the mapping key by adoption, and nobody else does.
func TestAdoption(t *testing.T) {
	s := start(t, nil)
	_, err := s.AddByHand("person.3@example.com", "Noor", "van der Nr 3")
	require.NoError(t, err)
	_, err = s.AddByHand("guest@example.com", "Bas", "Gast")
	require.NoError(t, err)
	bring(t, company(10), connect(t, s, nil))
	keys := map[string]string{}
	for _, u := range s.Users() {
		keys[u.GetString("userName")] = u.ExternalID()
	}
	if len(keys) != 11 || keys["person.3@example.com"] != "guid-3" || keys["guest@example.com"] != "" {
		t.Errorf("%d people, keys %q and %q; want 11, guid-3 and none", len(keys), keys["person.3@example.com"], keys["guest@example.com"])
	}
}
