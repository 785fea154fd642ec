package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/ilumy/usersync/plekclient"
	"github.com/ilumy/usersync/plekclient/plektest"
	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
	"github.com/ilumy/usersync/provisioning/telemetry"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/client"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

// A lab collects what is told.
type lab struct {
	spans    *tracetest.InMemoryExporter
	provider *sdktrace.TracerProvider
	reader   *metric.ManualReader
	observer *provisioning.Observer
}

func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{spans: tracetest.NewInMemoryExporter(), reader: metric.NewManualReader()}
	l.provider = sdktrace.NewTracerProvider(sdktrace.WithSyncer(l.spans))
	var err error
	l.observer, err = telemetry.New(l.provider, metric.NewMeterProvider(metric.WithReader(l.reader)), &telemetry.Options{Job: "plek"})
	require.NoError(t, err)
	return l
}

// tree gives each span with those that lie in it, as "a > b".
func (l *lab) tree() map[string]int {
	all := l.spans.GetSpans()
	names := map[[8]byte]tracetest.SpanStub{}
	for _, s := range all {
		names[s.SpanContext.SpanID()] = s
	}
	paths := map[string]int{}
	for _, s := range all {
		path := s.Name
		for parent, ok := names[s.Parent.SpanID()]; ok; parent, ok = names[parent.Parent.SpanID()] {
			path = parent.Name + " > " + path
		}
		paths[path]++
	}
	return paths
}

// numbers gives the points of a metric: of a counter or gauge their values, of a histogram how many there are.
func (l *lab) numbers(t *testing.T, name string, keys ...attribute.Key) map[string]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(t, l.reader.Collect(t.Context(), &all))
	points := map[string]int64{}
	of := func(set attribute.Set) string {
		var parts []string
		for _, key := range keys {
			if v, ok := set.Value(key); ok {
				parts = append(parts, v.String())
			}
		}
		job, _ := set.Value("usersync.job")
		require.Equal(t, "plek", job.AsString())
		return strings.Join(parts, " ")
	}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name != name {
				continue
			}
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					points[of(p.Attributes)] += p.Value
				}
			case metricdata.Gauge[int64]:
				for _, p := range data.DataPoints {
					points[of(p.Attributes)] += p.Value
				}
			case metricdata.Gauge[float64]:
				for _, p := range data.DataPoints {
					points[of(p.Attributes)] += int64(p.Value)
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					points[of(p.Attributes)] += int64(p.Count)
				}
			}
		}
	}
	return points
}

func people(n int) *memory.Store {
	s := memory.New(nil)
	for i := range n {
		s.Put(&provisioning.Record{Kind: provisioning.User, ID: provisioning.ID(fmt.Sprintf("guid-%d", i)), Attributes: provisioning.Attributes{
			"userName": {fmt.Sprintf("secret.person%d@example.com", i)}, "displayName": {fmt.Sprintf("Secret Person %d", i)},
			"emails": {fmt.Sprintf("secret.person%d@example.com", i)}, "name.givenName": {"Secret"}, "name.familyName": {fmt.Sprintf("Person %d", i)},
		}})
	}
	return s
}

type same struct{}

func (same) Map(r *provisioning.Record) (*provisioning.Record, error) {
	switch r.Attributes.Get("displayName") {
	case "Secret Person 9":
		return nil, errors.New("Secret Person 9 has no department")
	case "Secret Guest":
		return nil, provisioning.SkipRecord
	}
	return r, nil
}

func reconciler(t *testing.T, source provisioning.Source, sink provisioning.Sink, o provisioning.Options) *provisioning.Reconciler {
	t.Helper()
	o.Wait = time.Millisecond
	r, err := provisioning.New(source, same{}, sink, &o)
	require.NoError(t, err)
	return r
}

// Every part of a run has its span, in that of the run.
func TestSpans(t *testing.T) {
	l := newLab(t)
	src := people(3)
	src.Put(&provisioning.Record{Kind: provisioning.Group, ID: "g", Attributes: provisioning.Attributes{"displayName": {"Team"}},
		Refs: provisioning.Refs{"members": {{Kind: provisioning.User, ID: "guid-1"}}}})
	sink := memory.New(nil)
	r := reconciler(t, src, sink, provisioning.Options{Observer: l.observer})
	_, err := r.Run(t.Context())
	require.NoError(t, err)
	want := map[string]int{
		"run": 1, "run > plan": 1, "run > judge": 1,
		"run > plan > read User of source": 1, "run > plan > read Group of source": 1,
		"run > plan > read User of sink": 1, "run > plan > read Group of sink": 1,
		"run > create User": 3, "run > create Group": 2, // the second one for its members
	}
	if diff := cmp.Diff(want, l.tree()); diff != "" {
		t.Errorf("spans of a full run (-want +got):\n%s", diff)
	}

	of := map[string]string{}
	for _, s := range l.spans.GetSpans() {
		for _, a := range s.Attributes {
			if s.Name == "create Group" || s.Name == "read User of sink" {
				of[s.Name+" "+string(a.Key)] = a.Value.String()
			}
		}
	}
	wanted := map[string]string{
		"create Group usersync.job": "plek", "create Group usersync.operation": "create", "create Group usersync.kind": "Group",
		"create Group usersync.source.id": "g", "create Group usersync.target.id": "group-4", "create Group usersync.references": "members",
		"create Group usersync.changes":  "1",
		"read User of sink usersync.job": "plek", "read User of sink usersync.side": "sink", "read User of sink usersync.kind": "User",
	}
	if diff := cmp.Diff(wanted, of); diff != "" {
		t.Errorf("attributes of spans (-want +got):\n%s", diff)
	}

	l.spans.Reset()
	src.Remove(provisioning.Ref{Kind: provisioning.User, ID: "guid-2"})
	_, err = r.Run(t.Context())
	require.NoError(t, err)
	want = map[string]int{
		"run": 1, "run > plan": 1, "run > judge": 1, "run > plan > read changes of source": 1,
		"run > plan > read User of sink": 1, "run > plan > read Group of sink": 1, "run > deactivate User": 1,
	}
	if diff := cmp.Diff(want, l.tree()); diff != "" {
		t.Errorf("spans of a run from what changed (-want +got):\n%s", diff)
	}
}

// A request of a connector lies in the step that it is for: a page in a read, a write in its change.
func TestSpansOfRequests(t *testing.T) {
	t.Run("SCIM", func(t *testing.T) {
		l := newLab(t)
		h, err := server.New([]*scim.ResourceType{scim.NewUserType(), scim.NewGroupType()}, server.One(memstore.New(nil)), server.InsecureAnyone, nil)
		require.NoError(t, err)
		s := httptest.NewServer(h)
		defer s.Close()
		c, err := client.New(s.URL, &client.Options{PageSize: 10, HTTPClient: &http.Client{Transport: telemetry.Transport(nil, l.provider)}})
		require.NoError(t, err)
		sink, err := client.NewDirectory(c, nil)
		require.NoError(t, err)
		l.nests(t, sink)
	})
	t.Run("Plek", func(t *testing.T) {
		l := newLab(t)
		plek := plektest.New(&plektest.Options{Tokens: []string{"token"}})
		address, err := plek.Start()
		require.NoError(t, err)
		defer plek.Close()
		c, err := plekclient.New(address, &plekclient.Options{Token: "token", Rate: -1, PageSize: 10,
			HTTPClient: &http.Client{Transport: telemetry.Transport(nil, l.provider)}})
		require.NoError(t, err)
		l.nests(t, c.Sink())
	})
}

// A connector that speaks no HTTP tells of its pages by itself.
func TestSpansOfPages(t *testing.T) {
	l := newLab(t)
	r := reconciler(t, paged{people(3)}, memory.New(nil), provisioning.Options{Observer: l.observer})
	_, err := r.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, l.tree()["run > plan > read User of source > page"], "%v", l.tree())
	pages := map[int64]string{}
	for _, s := range l.spans.GetSpans() {
		for _, a := range s.Attributes {
			if a.Key == "usersync.page" {
				pages[a.Value.AsInt64()] = s.Status.Description
			}
		}
	}
	require.Equal(t, map[int64]string{1: "", 2: "", 3: "retry"}, pages)
	l.anonymous(t)

	// Without an observer there is nobody to tell.
	_, err = reconciler(t, paged{people(3)}, memory.New(nil), provisioning.Options{}).Run(t.Context())
	require.NoError(t, err)
}

// paged reads each user as a page, of which the last fails once.
type paged struct{ *memory.Store }

func (s paged) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		n := 0
		for r, err := range s.Store.Records(ctx, kind) {
			n++
			_, end := provisioning.StartStep(ctx, provisioning.Step{Name: provisioning.StepPage, Side: "source", Page: n})
			if n == 3 {
				end(fmt.Errorf("Secret Person broke off: %w", provisioning.ErrUnavailable))
			} else {
				end(nil)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

func (l *lab) nests(t *testing.T, sink provisioning.Sink) {
	t.Helper()
	src := people(31)
	r := reconciler(t, src, sink, provisioning.Options{Observer: l.observer})
	report, err := r.Run(t.Context())
	require.NoError(t, err)
	require.Empty(t, report.Failures)
	require.NotZero(t, l.tree()["run > create User > POST"]+l.tree()["run > write > POST"], "%v", l.tree())
	changed, _ := src.Get(provisioning.Ref{Kind: provisioning.User, ID: "guid-3"})
	changed.Attributes.Set("displayName", "Secret Changed")
	src.Put(changed)
	l.spans.Reset()
	_, err = r.Plan(t.Context())
	require.NoError(t, err)
	require.GreaterOrEqual(t, l.tree()["plan > read User of sink > GET"], 3, "%v", l.tree()) // pages of 10
	for path := range l.tree() {
		if strings.HasSuffix(path, "GET") && !strings.Contains(path, " > ") {
			t.Errorf("a request lies in no step: %s", path)
		}
	}
	l.anonymous(t)
}

// Without a provider there is nothing of its sort.
func TestWithoutProviders(t *testing.T) {
	o, err := telemetry.New(nil, nil, nil)
	require.NoError(t, err)
	require.Nil(t, o.Start)
	require.Nil(t, o.Applied)
	_, err = reconciler(t, people(3), memory.New(nil), provisioning.Options{Observer: provisioning.Observers(o, nil)}).Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, http.DefaultTransport, telemetry.Transport(nil, nil))
}

// The core does not know of it, and it needs the API only.
func TestImports(t *testing.T) {
	files := importsOf(t, ".")
	for _, path := range files {
		if strings.Contains(path, "opentelemetry") && !slices.Contains([]string{
			"go.opentelemetry.io/otel/attribute", "go.opentelemetry.io/otel/codes", "go.opentelemetry.io/otel/metric", "go.opentelemetry.io/otel/trace",
		}, path) {
			t.Errorf("telemetry imports %s", path)
		}
	}
	for _, path := range importsOf(t, "..") {
		if strings.Contains(path, "opentelemetry") || strings.Contains(path, "usersync") {
			t.Errorf("the core imports %s", path)
		}
	}
}
