package peerbench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ilumy/usersync/datamapper"
	"github.com/ilumy/usersync/internal/lab/people"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/client"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

// peopleEnv is how many people the first sync brings over, 10,000 when it is not set.
const peopleEnv = "USERSYNC_PEOPLE"

// atOnce is how many requests are under way, of either client.
const atOnce = 8

const syncRules = `version: 1
users:
  scope: 'employeeID pr and mail pr'
  attributes:
    userName: {from: userPrincipalName}
    name.givenName: {from: givenName}
    name.familyName: {from: sn}
    displayName: {template: "{givenName} {sn}"}
    emails: {from: mail}
    title: {from: title, onEmpty: clear}
    department: {from: department, onEmpty: clear}
    employeeNumber: {from: employeeNumber}
    phoneNumbers: {first: [mobile, telephoneNumber]}
  refs:
    manager: {from: manager}
groups:
  attributes:
    displayName: {from: cn}
  refs:
    members: {from: members}
`

// A call is one write that the sync made: its path and body cut at the ids in them, and the id that it was answered.
type call struct {
	method, path string
	parts        []string // text, id, text, id, ... text: of the path, a line break and the body
	id           string
}

var uuids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)

// A tape records the writes of a sync.
type tape struct {
	http.Handler
	mu    sync.Mutex
	calls []*call
}

func (t *tape) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		t.Handler.ServeHTTP(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	rec := httptest.NewRecorder()
	t.Handler.ServeHTTP(rec, r)
	c := &call{method: r.Method, path: r.URL.Path, parts: []string{r.URL.Path + "\n" + string(body)}}
	if location := rec.Header().Get("Location"); r.Method == http.MethodPost {
		c.id = location[strings.LastIndexByte(location, '/')+1:]
	}
	t.mu.Lock()
	t.calls = append(t.calls, c)
	t.mu.Unlock()
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes())
}

// cut takes the ids of the recorded run out of paths and bodies.
func (t *tape) cut() {
	known := map[string]bool{}
	for _, c := range t.calls {
		known[c.id] = true
	}
	for _, c := range t.calls {
		text, at := c.parts[0], 0
		c.parts = nil
		for _, m := range uuids.FindAllStringIndex(text, -1) {
			if id := text[m[0]:m[1]]; known[id] {
				c.parts = append(c.parts, text[at:m[0]], id)
				at = m[1]
			}
		}
		c.parts = append(c.parts, text[at:])
	}
}

func newStandIn(b *testing.B) http.Handler {
	h, err := server.New([]*scim.ResourceType{scim.NewUserType(), scim.NewGroupType()}, server.One(memstore.New(nil)), server.InsecureAnyone, nil)
	if err != nil {
		b.Fatal(err)
	}
	return h
}

// whole is the first sync as a user of this module runs it.
func whole(b *testing.B, ldif []byte, url string, profile *client.Profile) {
	rules, err := datamapper.Load("rules.yaml", []byte(syncRules), nil)
	if err != nil {
		b.Fatal(err)
	}
	source, err := ldapsource.NewLDIF(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(ldif)), nil },
		&ldapsource.Options{Attributes: append(rules.Attributes(provisioning.User), rules.Attributes(provisioning.Group)...)})
	if err != nil {
		b.Fatal(err)
	}
	c, err := client.New(url, &client.Options{Profile: profile})
	if err != nil {
		b.Fatal(err)
	}
	sink, err := client.NewDirectory(c, nil)
	if err != nil {
		b.Fatal(err)
	}
	r, err := provisioning.New(source, rules, sink, &provisioning.Options{Concurrency: atOnce})
	if err != nil {
		b.Fatal(err)
	}
	report, err := r.Run(context.Background())
	if err != nil || len(report.Failures) > 0 {
		b.Fatal(err, report.Err())
	}
}

// bare writes what was recorded with nothing but net/http.
func bare(b *testing.B, t *tape, url string) {
	hc := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: atOnce}}
	ids := map[string]string{}
	var mu sync.Mutex
	do := func(c *call) error {
		var text strings.Builder
		for i, part := range c.parts {
			if i%2 == 1 {
				part = ids[part]
			}
			text.WriteString(part)
		}
		path, body, _ := strings.Cut(text.String(), "\n")
		req, err := http.NewRequest(c.method, url+path, strings.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/scim+json")
		resp, err := hc.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode >= 300 {
			return fmt.Errorf("%s %s: %s, %v", c.method, c.path, resp.Status, err)
		}
		if c.id != "" {
			location := resp.Header.Get("Location")
			mu.Lock()
			ids[c.id] = location[strings.LastIndexByte(location, '/')+1:]
			mu.Unlock()
		}
		return nil
	}
	for _, method := range []string{http.MethodPost, http.MethodPatch} { // references come after what they refer to
		queue := make(chan *call)
		var wg sync.WaitGroup
		for range atOnce {
			wg.Go(func() {
				for c := range queue {
					if err := do(c); err != nil {
						b.Error(err)
					}
				}
			})
		}
		for _, c := range t.calls {
			if c.method == method {
				queue <- c
			}
		}
		close(queue)
		wg.Wait()
	}
}

// A cost is what a run took: by the clock, and of the processors.
type cost struct{ wall, cpu float64 }

// BenchmarkFirstSync measures the whole first sync of a company, from an LDIF export over rules and loopback HTTP into a
// server with its store in memory, beside a client that writes the same bodies to the same server and does nothing else.
// Each round runs all of them, and the ratios are medians over the rounds. The ratio is that of one request for every
// write, as the bare client sends them; bulk-ratio is that of a sync which writes in bulk, as the server says it can.
func BenchmarkFirstSync(b *testing.B) {
	n := 10_000
	if s := os.Getenv(peopleEnv); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			b.Fatalf("%s: %v", peopleEnv, err)
		}
	}
	var ldif bytes.Buffer
	if err := people.New(&people.Options{People: n, Groups: 40, Seed: 1}).WriteAD(&ldif); err != nil {
		b.Fatal(err)
	}
	single := &client.Profile{NoBulk: true}
	recorded := &tape{Handler: newStandIn(b)}
	srv := httptest.NewServer(recorded)
	whole(b, ldif.Bytes(), srv.URL, single)
	srv.Close()
	recorded.cut()

	sides := []struct {
		name string
		run  func(url string)
	}{
		{"usersync", func(url string) { whole(b, ldif.Bytes(), url, single) }},
		{"bare", func(url string) { bare(b, recorded, url) }},
		{"bulk", func(url string) { whole(b, ldif.Bytes(), url, nil) }},
	}
	took := map[string][]cost{}
	b.ResetTimer()
	for range b.N {
		for _, side := range sides {
			srv := httptest.NewServer(newStandIn(b))
			runtime.GC()
			cpu, started := spent(b), time.Now()
			side.run(srv.URL)
			took[side.name] = append(took[side.name], cost{time.Since(started).Seconds(), float64(spent(b)-cpu) / 1e9})
			srv.Close()
		}
	}
	for _, side := range sides {
		b.ReportMetric(median(took[side.name], func(i int) float64 { return took[side.name][i].wall }), side.name+"-s")
	}
	ratio := func(side string, of func(cost) float64) float64 {
		return median(took[side], func(i int) float64 { return of(took[side][i]) / of(took["bare"][i]) })
	}
	wall, cpu := func(c cost) float64 { return c.wall }, func(c cost) float64 { return c.cpu }
	b.ReportMetric(ratio("usersync", wall), "ratio")
	b.ReportMetric(ratio("usersync", cpu), "cpu-ratio")
	b.ReportMetric(ratio("bulk", wall), "bulk-ratio")
	b.ReportMetric(ratio("bulk", cpu), "bulk-cpu-ratio")
	b.ReportMetric(float64(len(recorded.calls)), "writes")
}

// median gives the median of something about each round.
func median(rounds []cost, of func(i int) float64) float64 {
	all := make([]float64, len(rounds))
	for i := range rounds {
		all[i] = of(i)
	}
	slices.Sort(all)
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}
