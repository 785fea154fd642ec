package client_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/client"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

// slackService is Slack as docs.slack.dev/reference/scim-api has it: it counts the requests of all applications of an
// organisation together, by what they do, tells how long to wait when there were too many, and deactivates whom it is
// told to delete.
type slackService struct {
	next http.Handler

	mu                                 sync.Mutex
	reads, writes, users, groupPatches *rate.Limiter
	refused, deleted                   int
}

func newSlack(t *testing.T) *slackService {
	h, err := server.New([]*scim.ResourceType{scim.NewUserType(), scim.NewGroupType()}, server.One(memstore.New(nil)), server.InsecureAnyone, nil)
	require.NoError(t, err)
	perMinute := func(n, burst int) *rate.Limiter { return rate.NewLimiter(rate.Limit(float64(n)/60), burst) }
	return &slackService{next: h, reads: perMinute(1000, 1000), writes: perMinute(600, 180), users: perMinute(180, 20), groupPatches: perMinute(180, 80)}
}

// wait gives how long whoever sent the request must wait; 0 lets it through.
func (s *slackService) wait(r *http.Request) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	counted := []*rate.Limiter{s.writes}
	switch {
	case r.Method == http.MethodGet:
		counted = []*rate.Limiter{s.reads}
	case !isGroup(r):
		counted = append(counted, s.users)
	case r.Method == http.MethodPatch:
		counted = append(counted, s.groupPatches)
	}
	for _, l := range counted {
		if l.Tokens() < 1 {
			s.refused++
			return 20 * time.Second
		}
	}
	for _, l := range counted {
		l.Allow()
	}
	return 0
}

func (s *slackService) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	if wait := s.wait(r); wait > 0 {
		rec.Header().Set("Retry-After", fmt.Sprint(int(wait.Seconds())))
		rec.WriteHeader(http.StatusTooManyRequests)
		return rec.Result(), nil
	}
	sent := r.Clone(r.Context())
	if sent.Body == nil {
		sent.Body = http.NoBody
	}
	if r.Method == http.MethodDelete && !isGroup(r) {
		s.mu.Lock()
		s.deleted++
		s.mu.Unlock()
		sent.Method, sent.Body = http.MethodPatch, io.NopCloser(strings.NewReader(`{"schemas":["`+scim.PatchOpSchema+`"],"Operations":[{"op":"replace","path":"active","value":false}]}`))
		sent.ContentLength = -1
		sent.Header.Set("Content-Type", "application/scim+json")
		s.next.ServeHTTP(httptest.NewRecorder(), sent)
		rec.WriteHeader(http.StatusNoContent)
		return rec.Result(), nil
	}
	s.next.ServeHTTP(rec, sent)
	resp := rec.Result()
	if strings.HasSuffix(r.URL.Path, "/ServiceProviderConfig") {
		resp.Body = slackConfig(resp.Body)
	}
	return resp, nil
}

// slackConfig says that there is no bulk.
func slackConfig(body io.Reader) io.ReadCloser {
	v := map[string]any{}
	_ = json.NewDecoder(body).Decode(&v) // one that cannot be read is one that says nothing
	v["bulk"] = map[string]any{"supported": false}
	b, _ := json.Marshal(v)
	return io.NopCloser(bytes.NewReader(b))
}

// state counts who is active and who is not.
func state(t *testing.T, d *client.Directory) (active, inactive int) {
	t.Helper()
	for r, err := range d.Records(t.Context(), provisioning.User) {
		require.NoError(t, err)
		if r.Disabled {
			inactive++
		} else {
			active++
		}
	}
	return active, inactive
}

// A company is kept in step with Slack while another application uses up half of what Slack takes: what is refused
// waits as long as Slack says, and nobody is lost or there twice.
func TestSlackStory(t *testing.T) {
	for _, gone := range []provisioning.Gone{provisioning.GoneDeactivate, provisioning.GoneDelete} {
		t.Run(string(gone), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				slack := newSlack(t)
				stop := make(chan struct{})
				var other sync.WaitGroup
				defer other.Wait()
				defer close(stop)
				other.Go(func() { // two writes of users a second that are not ours
					for {
						select {
						case <-stop:
							return
						case <-time.After(500 * time.Millisecond):
							r := httptest.NewRequest(http.MethodPatch, "/Users/theirs", nil)
							slack.wait(r)
						}
					}
				})
				d := directory(t, "https://api.slack.com/scim/v2", &client.Options{Profile: client.Slack(), HTTPClient: &http.Client{Transport: stripped{slack}}})
				people := company{people: 120}
				sync, err := provisioning.New(&people, asIs{}, d, &provisioning.Options{Concurrency: 4, Policy: provisioning.Policy{Gone: map[provisioning.Kind]provisioning.Gone{provisioning.User: gone}}})
				require.NoError(t, err)
				run := func(wantActive, wantInactive int) {
					t.Helper()
					report, err := sync.Run(t.Context())
					require.NoError(t, err)
					if err := report.Err(); err != nil && len(report.Plan.Held) == 0 {
						t.Error(err)
					}
					if active, inactive := state(t, d); active != wantActive || inactive != wantInactive {
						t.Errorf("%d active and %d inactive, want %d and %d", active, inactive, wantActive, wantInactive)
					}
				}
				run(120, 0)
				people.people = 115
				for range 3 {
					run(115, 5)
				}
				plan, err := sync.Plan(t.Context())
				require.NoError(t, err)
				want := 0
				if gone == provisioning.GoneDelete {
					want = 5 // who was deleted once is told of, and not deleted again and again
				}
				if len(plan.Changes) > 0 || len(plan.Held) != want || slack.deleted != want {
					t.Errorf("%d users were deleted, and a further plan has %d changes and %d held records; want %d, 0 and %[4]d", slack.deleted, len(plan.Changes), len(plan.Held), want)
				}
				people.people = 120 // they come back
				run(120, 0)
				plan, err = sync.Plan(t.Context())
				require.NoError(t, err)
				if len(plan.Changes)+len(plan.Held) > 0 {
					t.Errorf("a last plan has %d changes and %d held records, want none", len(plan.Changes), len(plan.Held))
				}
				if slack.refused == 0 {
					t.Error("nothing was refused, so nothing was shown")
				}
			})
		})
	}
}

// stripped takes the path of the base address away, which the stand-in does not have.
type stripped struct{ http.RoundTripper }

func (s stripped) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Path = strings.TrimPrefix(r.URL.Path, "/scim/v2")
	return s.RoundTripper.RoundTrip(r)
}
