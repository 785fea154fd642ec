package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ilumy/usersync/internal/cli"
)

// TestLoad is a short TestSoak.
func TestLoad(t *testing.T) {
	for name, database := range databases {
		t.Run(name, func(t *testing.T) { load(t, database(t), 50, 3*time.Second) })
	}
}

// load has many clients at a server at once, who write to resources of their own and to common ones, and checks that each
// answer is right, that no update is lost, and that the server's memory stays the same.
func load(t *testing.T, db string, clients int, duration time.Duration) {
	p := start(t, "-db", db)
	l := &loaded{t: t, end: time.Now().Add(duration)}
	c := p.as(newToken(t, db, "load"))
	for i := range 5 {
		l.groups = append(l.groups, c.want(201, "POST", "/Groups", group(fmt.Sprint("common ", i))).id())
		l.counters = append(l.counters, c.want(201, "POST", "/Users", user(fmt.Sprint("counter ", i), `"nickName":"0"`)).id())
	}
	l.counted = make([]atomic.Int64, len(l.counters))
	var before usage
	var wg sync.WaitGroup
	workers := make([]*worker, clients)
	for i := range workers {
		workers[i] = &worker{loaded: l, session: c, n: i, random: rand.New(rand.NewPCG(1, uint64(i))), titles: map[string]string{}}
		wg.Go(workers[i].run)
	}
	wg.Go(func() { // memory is as it stays once all have begun
		time.Sleep(duration / 4)
		before = p.usage()
	})
	wg.Wait()
	after := p.usage()
	l.check(c, workers)
	for _, w := range workers {
		w.clean()
	}
	p.client.CloseIdleConnections()
	t.Logf("%d clients for %v: %d requests (%.0f/s), %d of another version (412), %d given up since others changed the same (409), slowest %v, %d wrong; live heap %.1f MiB after a quarter, %.1f MiB at the end; resident %.1f and %.1f MiB; goroutines %d and %d",
		clients, duration, l.requests.Load(), float64(l.requests.Load())/duration.Seconds(), l.retried.Load(), l.refused.Load(), time.Duration(l.slowest.Load()).Round(time.Millisecond), l.wrong.Load(),
		before.heap, after.heap, before.resident, after.resident, int(before.goroutines), int(after.goroutines))
	// What the process holds of the machine settles within a minute, and not within seconds.
	settled := duration >= 30*time.Second
	if after.heap > 1.5*before.heap+8 || settled && after.resident > 1.5*before.resident+16 || after.goroutines > before.goroutines+20 {
		t.Errorf("the server grows: %+v after a quarter, %+v at the end", before, after)
	}
	if status := p.terminate(); status != cli.StatusOK {
		t.Errorf("the server ended with status %d", status)
	}
	for _, sign := range []string{"DATA RACE", `"level":"ERROR"`, "panic"} {
		if log := p.logged(); strings.Contains(log, sign) {
			at := strings.Index(log, sign)
			t.Errorf("the log has %s: %s", sign, log[at:min(at+2000, len(log))])
		}
	}
}

// usage is what a server uses: MiB that are live after a garbage collection, MiB of the machine, goroutines.
type usage struct{ heap, resident, goroutines float64 }

func (p *program) usage() usage {
	ops := p.as("")
	ops.base = p.url
	a, err := ops.send("GET", "/metrics", "")
	if err != nil {
		return usage{}
	}
	value := func(name string) float64 {
		for line := range strings.SplitSeq(a.text, "\n") {
			if v, ok := strings.CutPrefix(line, name+" "); ok {
				f, _ := strconv.ParseFloat(v, 64)
				return f
			}
		}
		return 0
	}
	const mib = 1 << 20
	// The next collection is due when the heap is twice what the last one left.
	return usage{value("go_memstats_next_gc_bytes") / 2 / mib, value("process_resident_memory_bytes") / mib, value("go_goroutines")}
}

// loaded is what all clients of a load have in common.
type loaded struct {
	t   testing.TB
	end time.Time
	// groups are those that all are members of; counters are users whose nickName is a number that all count up.
	groups, counters []string
	counted          []atomic.Int64

	requests, retried, refused, wrong, slowest atomic.Int64
}

// check compares what is there with what was acknowledged.
func (l *loaded) check(c *session, workers []*worker) {
	for i, id := range l.counters {
		if a := c.want(200, "GET", "/Users/"+id, ""); a.str("nickName") != fmt.Sprint(l.counted[i].Load()) {
			l.t.Errorf("a counter is %s after %d increments", a.str("nickName"), l.counted[i].Load())
		}
	}
	mails := map[string]bool{}
	for _, id := range l.counters {
		for _, v := range list(c.want(200, "GET", "/Users/"+id, "").get("emails")) {
			mails[v.(map[string]any)["value"].(string)] = true
		}
	}
	members := map[string]bool{}
	for _, g := range l.groups {
		for _, v := range list(c.want(200, "GET", "/Groups/"+g, "").get("members")) {
			members[g+" "+v.(map[string]any)["value"].(string)] = true
		}
	}
	n, m := 0, 0
	for _, w := range workers {
		for _, j := range w.joined {
			if n++; !members[j] {
				l.t.Errorf("the membership %s was acknowledged and is lost", j)
			}
		}
		if w.mail != "" {
			if m++; !mails[w.mail] {
				l.t.Errorf("the mail address %s was acknowledged and is lost", w.mail)
			}
		}
		for id, title := range w.titles {
			if a := c.want(200, "GET", "/Users/"+id, ""); a.str("title") != title {
				l.t.Errorf("the title %s was acknowledged and is %s", title, a.str("title"))
			}
		}
	}
	if n != len(members) || m != len(mails) {
		l.t.Errorf("%d memberships of %d, %d mail addresses of %d: what was removed is back", len(members), n, len(mails), m)
	}
}

// A worker is one client of a load.
type worker struct {
	*loaded
	*session
	n      int
	random *rand.Rand
	made   int
	// titles are the worker's own users; joined are its memberships of common groups, "group user"; mail is its address
	// among those of a common user.
	titles map[string]string
	own    []string
	joined []string
	mail   string
}

func (w *worker) run() {
	for time.Now().Before(w.end) && w.wrong.Load() < 10 {
		switch w.random.IntN(8) {
		case 0:
			w.create()
		case 1:
			w.modify()
		case 2:
			w.join()
		case 3:
			w.leave()
		case 4:
			w.count()
		case 5:
			w.readdress()
		case 6:
			w.search()
		case 7:
			w.race()
		}
	}
}

// ask sends a request and expects one of some statuses.
func (w *worker) ask(method, path, body string, statuses ...int) *answer {
	begin := time.Now()
	a, err := w.send(method, path, body)
	if took := int64(time.Since(begin)); took > w.slowest.Load() {
		w.slowest.Store(took)
	}
	w.requests.Add(1)
	if err != nil {
		w.fault("%s %s: %v", method, path, err)
		return &answer{}
	}
	if !slices.Contains(statuses, a.status) {
		w.fault("%s %s %s: %d %s, want %v", method, path, body, a.status, a.text, statuses)
	}
	return a
}

func (w *worker) fault(format string, args ...any) {
	w.wrong.Add(1)
	w.loaded.t.Errorf(format, args...)
}

func (w *worker) create() {
	w.made++
	name := fmt.Sprintf("w%d-%d", w.n, w.made)
	a := w.ask("POST", "/Users", user(name, `"externalId":"x`+name+`"`, `"userType":"w`+fmt.Sprint(w.n)+`"`), 201)
	if a.status == 201 {
		w.own, w.titles[a.id()] = append(w.own, a.id()), ""
	}
	if len(w.own) > 10 {
		id := w.own[0]
		w.own = w.own[1:]
		delete(w.titles, id)
		w.ask("DELETE", "/Users/"+id, "", 204)
		w.ask("GET", "/Users/"+id, "", 404)
		w.joined = slices.DeleteFunc(w.joined, func(j string) bool { return strings.HasSuffix(j, id) })
	}
}

// any gives one of the worker's users.
func (w *worker) any() (string, bool) {
	if len(w.own) == 0 {
		return "", false
	}
	return w.own[w.random.IntN(len(w.own))], true
}

func (w *worker) modify() {
	id, ok := w.any()
	if !ok {
		return
	}
	title := fmt.Sprint("t", w.random.Int64())
	if a := w.ask("PATCH", "/Users/"+id, patch(`{"op":"replace","path":"title","value":"`+title+`"}`), 200); a.status == 200 {
		w.titles[id] = title
	}
	if a := w.ask("GET", "/Users/"+id, "", 200); a.str("title") != w.titles[id] {
		w.fault("the title is %q, not %q: %s", a.str("title"), w.titles[id], a.text)
	}
}

func (w *worker) join() {
	id, ok := w.any()
	if !ok {
		return
	}
	g := w.groups[w.random.IntN(len(w.groups))]
	if a := w.ask("PATCH", "/Groups/"+g, patch(`{"op":"add","path":"members","value":`+members(id)+`}`), 200, 204); a.status < 300 && !slices.Contains(w.joined, g+" "+id) {
		w.joined = append(w.joined, g+" "+id)
	}
	if a := w.ask("GET", "/Users/"+id, "", 200); !strings.Contains(a.text, g) {
		w.fault("a user is not in the group it joined: %s", a.text)
	}
}

func (w *worker) leave() {
	if len(w.joined) == 0 {
		return
	}
	i := w.random.IntN(len(w.joined))
	g, id, _ := strings.Cut(w.joined[i], " ")
	op := `{"op":"remove","path":"members[value eq \"` + id + `\"]"}`
	if w.random.IntN(2) == 0 {
		op = `{"op":"Remove","path":"members","value":` + members(id) + `}`
	}
	if a := w.ask("PATCH", "/Groups/"+g, patch(op), 200, 204); a.status < 300 {
		w.joined = slices.Delete(w.joined, i, i+1)
	}
	if a := w.ask("GET", query("/Groups", "filter", `id eq "`+g+`" and members.value eq "`+id+`"`, "attributes", "id"), "", 200); a.str("totalResults") != "0" {
		w.fault("a user is in the group it left: %s", a.text)
	}
}

// count counts up a number that others count up too, by version.
func (w *worker) count() {
	i := w.random.IntN(len(w.counters))
	for range 20 {
		a := w.ask("GET", "/Users/"+w.counters[i], "", 200)
		n, err := strconv.Atoi(a.str("nickName"))
		if err != nil {
			w.fault("a counter is %s", a.text)
			return
		}
		c := *w
		c.session = w.with("If-Match", a.header.Get("ETag"))
		if a := c.ask("PATCH", "/Users/"+w.counters[i], patch(fmt.Sprintf(`{"op":"replace","path":"nickName","value":"%d"}`, n+1)), 200, 412); a.status == 200 {
			w.counted[i].Add(1)
			return
		}
		w.retried.Add(1)
	}
}

// readdress changes the worker's value among those of a common user, without a version.
func (w *worker) readdress() {
	path := "/Users/" + w.counters[w.n%len(w.counters)]
	mail := fmt.Sprintf("w%d-%d@example.com", w.n, w.random.Int64())
	op := fmt.Sprintf(`{"op":"add","path":"emails","value":[{"type":"w%d","value":"%s"}]}`, w.n, mail)
	if w.mail != "" {
		op = fmt.Sprintf(`{"op":"replace","path":"emails[type eq \"w%d\"].value","value":"%s"}`, w.n, mail)
	}
	a := w.ask("PATCH", path, patch(op), 200, 409)
	switch {
	case a.status == 409:
		w.refused.Add(1)
	case a.status == 200:
		if w.mail = mail; !strings.Contains(a.text, mail) {
			w.fault("the answer to a PATCH is without what it set: %s", a.text)
		}
	}
}

func (w *worker) search() {
	a := w.ask("GET", query("/Users", "filter", fmt.Sprintf(`userType eq "w%d"`, w.n), "attributes", "userName", "sortBy", "userName"), "", 200)
	if a.str("totalResults") != fmt.Sprint(len(w.own)) {
		w.fault("%s users of %d: %s", a.str("totalResults"), len(w.own), a.text)
	}
	if names := a.names("userName"); !slices.IsSorted(names) {
		w.fault("not sorted: %v", names)
	}
}

// race has two requests make a user of one name: one of them does.
func (w *worker) race() {
	w.made++
	name := fmt.Sprintf("race%d-%d", w.n, w.made)
	var answers [2]*answer
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i] = w.ask("POST", "/Users", user(name), 201, 409) })
	}
	wg.Wait()
	if answers[0].status+answers[1].status != 201+409 {
		w.fault("two of one name: %d %s, %d %s", answers[0].status, answers[0].text, answers[1].status, answers[1].text)
	}
	for _, a := range answers {
		if a.status == 201 {
			w.ask("DELETE", "/Users/"+a.id(), "", 204)
		}
	}
}

// clean deletes what the worker made, so that each delete is tried at once with others.
func (w *worker) clean() {
	for _, id := range w.own {
		w.ask("DELETE", "/Users/"+id, "", 204)
	}
}
