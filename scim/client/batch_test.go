package client_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/sinktest"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/client"
	"github.com/ilumy/usersync/scim/server"
)

// counted gives a service behind what counts requests: bulk requests, and writes of single resources.
func counted(t *testing.T, target string) (url string, bulks, singles *atomic.Int64) {
	bulks, singles = new(atomic.Int64), new(atomic.Int64)
	return through(t, target, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		switch {
		case r.URL.Path == "/Bulk":
			bulks.Add(1)
		case r.Method != http.MethodGet:
			singles.Add(1)
		}
		next.ServeHTTP(w, r)
	}), bulks, singles
}

// The kit for sinks, with the ways in which a service may take bulk requests or not.
func TestDirectoryIsASinkInBulk(t *testing.T) {
	for _, tt := range []struct {
		name    string
		limits  server.Limits
		profile *client.Profile
		bulk    bool
	}{
		{"bulk", server.Limits{}, nil, true},
		{"bulk of two", server.Limits{BulkOperations: 2}, nil, true},
		{"the service has none", server.Limits{BulkOperations: -1}, nil, false},
		{"the profile forbids it", server.Limits{}, &client.Profile{NoBulk: true}, false},
		{"no PATCH", server.Limits{}, &client.Profile{Users: client.ChangePut, Groups: client.ChangePut}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var used atomic.Int64
			o := &server.Options{Limits: tt.limits}
			count := func(t *testing.T, target string) string {
				url, bulks, _ := counted(t, target)
				t.Cleanup(func() { used.Add(bulks.Load()) })
				return url
			}
			t.Run("kit", func(t *testing.T) {
				sinktest.Test(t, sinktest.Fixture{
					New: func(t *testing.T) provisioning.Sink {
						return directory(t, count(t, serve(t, o)), &client.Options{Profile: tt.profile})
					},
					Record:   record,
					Optional: map[provisioning.Kind]string{provisioning.User: "title"},
					Faulty: func(t *testing.T, fault func() sinktest.Fault) provisioning.Sink {
						return directory(t, faulty(t, count(t, serve(t, o)), fault), &client.Options{Profile: tt.profile, MaxWait: time.Millisecond})
					},
				})
			})
			if (used.Load() > 0) != tt.bulk {
				t.Errorf("%d bulk requests; want some: %t", used.Load(), tt.bulk)
			}
		})
	}
}

// company is a source of people with managers, and of a group of all.
type company struct {
	people int
	// edit changes a record before it is given.
	edit func(r *provisioning.Record, n int)
}

func (c company) Records(_ context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		if kind == provisioning.Group {
			g := record(kind, 0)
			g.ID = "all"
			for n := range c.people {
				g.Refs = provisioning.Refs{"members": append(g.Refs["members"], provisioning.Ref{Kind: provisioning.User, ID: provisioning.ID(fmt.Sprint("p", n))})}
			}
			yield(g, nil)
			return
		}
		for n := range c.people {
			r := record(kind, n)
			r.ID = provisioning.ID(fmt.Sprint("p", n))
			r.Refs = provisioning.Refs{"manager": {{Kind: kind, ID: provisioning.ID(fmt.Sprint("p", n/10))}}}
			if c.edit != nil {
				c.edit(r, n)
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// reconcile keeps a service in step with a source.
func reconcile(t *testing.T, from provisioning.Source, to provisioning.Sink) *provisioning.Reconciler {
	t.Helper()
	r, err := provisioning.New(from, asIs{}, to, &provisioning.Options{Wait: time.Millisecond, Concurrency: 4})
	require.NoError(t, err)
	return r
}

// written checks that each person is there once, with the manager of each.
func written(t *testing.T, d *client.Directory, want int) {
	t.Helper()
	seen := map[provisioning.ID]int{}
	managed := 0
	for r, err := range d.Records(t.Context(), provisioning.User) {
		require.NoError(t, err)
		seen[r.ExternalID]++
		managed += len(r.Refs["manager"])
	}
	for id, n := range seen {
		if n > 1 {
			t.Errorf("%s is there %d times; nobody must ever exist twice", id, n)
		}
	}
	if len(seen) != want || managed != want {
		t.Errorf("%d people with %d managers, want %d", len(seen), managed, want)
	}
}

func TestBatchOfAFirstSync(t *testing.T) {
	url, bulks, singles := counted(t, serve(t, nil))
	d := directory(t, url, nil)
	r := reconcile(t, company{people: 500}, d)
	report, err := r.Run(t.Context())
	require.NoError(t, err)
	require.NoError(t, report.Err())
	written(t, d, 500)
	// Five for the people, five for their managers; the group, of whom there is one, and its members in hundreds.
	if bulks.Load() != 10 || singles.Load() > 6 {
		t.Errorf("%d bulk requests and %d others, want 10 and 6", bulks.Load(), singles.Load())
	}
	plan, err := r.Plan(t.Context())
	require.NoError(t, err)
	if len(plan.Changes) > 0 {
		t.Errorf("a second plan has %d changes, want none", len(plan.Changes))
	}
}

// A bulk request whose answer is lost was perhaps carried out: what it made is found again and not made twice.
func TestBatchWithLostAnswers(t *testing.T) {
	var bulks, lost atomic.Int64
	url := through(t, serve(t, nil), func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.URL.Path == "/Bulk" && bulks.Add(1)%2 == 1 {
			lost.Add(1)
			if lost.Load()%2 == 1 {
				next.ServeHTTP(httptest.NewRecorder(), r)
			}
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	})
	d := directory(t, url, &client.Options{MaxWait: time.Millisecond})
	report, err := reconcile(t, company{people: 400}, d).Run(t.Context())
	require.NoError(t, err)
	require.NoError(t, report.Err())
	written(t, d, 400)
	if lost.Load() == 0 {
		t.Error("no answer was lost; the test shows nothing")
	}
}

// Who cannot be written holds up nobody else, and is told of as alone.
func TestBatchWithBadRecords(t *testing.T) {
	d := directory(t, serve(t, nil), nil)
	_, err := d.Create(t.Context(), &provisioning.Record{Kind: provisioning.User, ExternalID: "stranger", Attributes: provisioning.Attributes{"userName": {"user.7@example.com"}}})
	require.NoError(t, err)
	report, err := reconcile(t, company{people: 300, edit: func(r *provisioning.Record, n int) {
		switch n {
		case 8:
			r.Attributes.Set("title", "bulkId:1") // it must not be taken for a reference
		case 9:
			r.Attributes.Set("title", "\x00") // for which the service refuses the whole request
		}
	}}, d).Run(t.Context())
	require.NoError(t, err)
	failed := map[provisioning.ID]bool{}
	for _, f := range report.Failures {
		failed[f.Source] = true
		if strings.Contains(f.Error, "user.") {
			t.Errorf("the error holds a person's data: %s", f.Error)
		}
	}
	if diff := cmp.Diff(map[provisioning.ID]bool{"p7": true, "p9": true}, failed); diff != "" {
		t.Errorf("who failed (-want +got):\n%s", diff)
	}
	n := 0
	for r, err := range d.Records(t.Context(), provisioning.User) {
		require.NoError(t, err)
		n++
		if r.ExternalID == "p8" && r.Attributes.Get("title") != "bulkId:1" {
			t.Errorf("title %q", r.Attributes.Get("title"))
		}
	}
	if n != 299 {
		t.Errorf("%d people, want 299: the stranger, and all but two", n)
	}
}

// A service that takes less than it says is not overrun twice.
func TestBatchThatIsTooLarge(t *testing.T) {
	var refused, taken atomic.Int64
	url := through(t, serve(t, nil), func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.URL.Path == "/Bulk" {
			if _, body := readJSON(t, r); len(operations(body)) > 30 {
				refused.Add(1)
				w.WriteHeader(http.StatusRequestEntityTooLarge)
				_, _ = w.Write((&scim.Error{Status: 413, Detail: "too many"}).AppendJSON(nil))
				return
			}
			taken.Add(1)
		}
		next.ServeHTTP(w, r)
	})
	d := directory(t, url, nil)
	report, err := reconcile(t, company{people: 1000}, d).Run(t.Context())
	require.NoError(t, err)
	require.NoError(t, report.Err())
	written(t, d, 1000)
	if refused.Load() > 12 || taken.Load() < 60 { // at most those under way when it is learned
		t.Errorf("%d requests were refused and %d taken", refused.Load(), taken.Load())
	}
}

// Changes go together too, and who was changed meanwhile is not overwritten.
func TestBatchOfChanges(t *testing.T) {
	url, bulks, singles := counted(t, serve(t, nil))
	d := directory(t, url, nil)
	report, err := reconcile(t, company{people: 100}, d).Run(t.Context())
	require.NoError(t, err)
	require.NoError(t, report.Err())
	next := reconcile(t, company{people: 100, edit: func(r *provisioning.Record, n int) {
		if r.Disabled = n%2 == 0; !r.Disabled {
			r.Attributes.Set("title", "Director")
		}
	}}, d)
	plan, err := next.Plan(t.Context())
	require.NoError(t, err)
	var other provisioning.ID
	for _, c := range plan.Changes {
		if c.Source == "p3" {
			other = c.Target
		}
	}
	require.NoError(t, d.Update(t.Context(), &provisioning.Change{Op: provisioning.Update, Link: link(provisioning.User, other),
		Before: record(provisioning.User, 3), After: &provisioning.Record{Attributes: provisioning.Attributes{"nickName": {"Somebody"}}}}))
	bulks.Store(0)
	singles.Store(0)
	changes := plan.Changes
	errs := d.Batch(t.Context(), changes)
	for i, err := range errs {
		want := changes[i].Source == "p3"
		if want != errors.Is(err, provisioning.ErrConflict) || want != errors.Is(err, errors.ErrUnsupported) || !want && err != nil {
			t.Errorf("%s: error %v", changes[i].Source, err)
		}
	}
	if bulks.Load() != 1 || singles.Load() != 0 || len(errs) != 100 {
		t.Errorf("%d changes in %d bulk requests and %d others", len(errs), bulks.Load(), singles.Load())
	}
}
