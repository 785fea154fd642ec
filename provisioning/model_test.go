package provisioning_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// TestModel plays a thousand histories of a directory, with faults of every sort, against a sink, and compares it after each
// day with a model of what it must have.
func TestModel(t *testing.T) {
	const histories = 1000
	total := map[string]int{}
	var mu sync.Mutex
	t.Run("histories", func(t *testing.T) {
		for worker := range 4 {
			t.Run(fmt.Sprint(worker), func(t *testing.T) {
				t.Parallel()
				for seed := worker; seed < histories && !t.Failed(); seed += 4 {
					w := newWorld(t, uint64(seed))
					for range 5 {
						w.day()
					}
					mu.Lock()
					for name, n := range w.faults {
						total[name] += n
					}
					mu.Unlock()
				}
			})
		}
	})
	t.Logf("%d histories, faults: %v", histories, total)
	for _, fault := range []string{"refused", "answer lost", "conflict", "killed", "read cut off"} {
		if total[fault] == 0 {
			t.Errorf("no fault %q was ever injected", fault)
		}
	}
}

// A world is a directory, a sink, and a model of what the sink must have.
type world struct {
	t       *testing.T
	seed    uint64
	rng     *rand.Rand
	src     *memory.Store
	dst     *memory.Store
	state   *mortalState
	opts    provisioning.Options
	bare    bool
	nameles bool
	next    int
	left    []*provisioning.Record
	have    map[string]account // by what the source calls it
	faults  map[string]int

	mu     sync.Mutex
	faulty bool
	alive  int // calls until the process is killed; negative is never
}

// An account is what the model says of a record of the sink.
type account struct {
	Disabled   bool
	Attributes provisioning.Attributes
	Refs       map[string][]string
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 7)), src: memory.New(nil),
		state: &mortalState{values: map[string][]byte{}}, have: map[string]account{}, faults: map[string]int{}, alive: -1}
	w.dst = memory.New(&memory.Options{Unique: []string{"userName"}, Fault: w.fault})
	off := provisioning.Limit{Off: true}
	w.opts = provisioning.Options{
		State: w.state, Wait: time.Microsecond, Concurrency: 1 + w.rng.IntN(6), Attempts: 1 + w.rng.IntN(4),
		Limits: provisioning.Limits{Create: off, Update: off, Deactivate: off, Reactivate: off, Delete: off, RemoveRefs: off,
			RemoveRefsEach: off, SourceFloor: -1},
	}
	w.bare = w.rng.IntN(3) == 0
	if w.rng.IntN(4) == 0 {
		w.opts.Links, w.nameles = true, true
	}
	w.dst.Put(&provisioning.Record{Kind: provisioning.User, ID: "stranger", Attributes: provisioning.Attributes{"userName": {"root"}}})
	return w
}

var errKilled = fmt.Errorf("killed: %w", provisioning.ErrUnauthorized)

// fault decides what becomes of a call to the sink.
func (w *world) fault(_ context.Context, c memory.Call) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.alive == 0 {
		w.state.kill()
		return errKilled
	}
	if !w.faulty || c.Name == "Records" || c.Name == "Find" {
		return nil
	}
	if w.alive > 0 {
		if w.alive--; w.alive == 0 {
			w.faults["killed"]++
			w.state.kill()
			return errKilled
		}
	}
	switch roll := w.rng.IntN(12); {
	case roll == 0 && !c.After:
		w.faults["refused"]++
		return &provisioning.RetryError{After: time.Microsecond, Err: errors.New("too many requests")}
	case roll == 1 && !c.After:
		w.faults["conflict"]++
		return provisioning.ErrConflict
	case roll <= 2 && c.After:
		w.faults["answer lost"]++
		return fmt.Errorf("reset: %w", provisioning.ErrUnavailable)
	}
	return nil
}

// day lets things happen in the directory, lets runs fail, and then wants one without faults to set all right.
func (w *world) day() {
	for range w.rng.IntN(8) {
		w.event()
	}
	for range w.rng.IntN(4) {
		w.faulty = true
		if w.rng.IntN(2) == 0 {
			w.alive = 1 + w.rng.IntN(30)
		}
		source := w.source()
		if w.rng.IntN(5) == 0 {
			source = cutSource{source, w.rng.IntN(10), errReset}
			w.faults["read cut off"]++
		}
		_, _ = w.run(source)
		w.alive, w.faulty = -1, false
		w.state.revive()
	}
	w.state.forgive(w.t)
	for range 3 {
		report, err := w.run(w.source())
		if err != nil {
			w.t.Fatalf("seed %d: a run without faults: %v", w.seed, err)
		}
		if report.Err() == nil && report.Plan.Empty() {
			break
		}
	}
	w.check()
}

func (w *world) source() provisioning.Source {
	if w.rng.IntN(2) == 0 {
		return w.src
	}
	return w.src.Source()
}

func (w *world) run(source provisioning.Source) (*provisioning.Report, error) {
	var sink provisioning.Sink = w.dst
	if w.bare {
		sink = w.dst.Bare()
	}
	if w.nameles {
		sink = nameless{w.dst.Bare()}
	}
	mapper := mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
		if src.Attributes.Get("scope") == "out" {
			return nil, provisioning.SkipRecord
		}
		return src, nil
	})
	r, err := provisioning.New(source, mapper, sink, &w.opts)
	if err != nil {
		w.t.Fatal(err)
	}
	return r.Run(context.Background())
}

// event changes something in the directory.
func (w *world) event() {
	users := w.users()
	pick := func() *provisioning.Record {
		if len(users) == 0 {
			return nil
		}
		return users[w.rng.IntN(len(users))]
	}
	switch r := pick(); w.rng.IntN(9) {
	case 0, 1, 2:
		w.next++
		joiner := user(w.next)
		if boss := pick(); boss != nil && w.rng.IntN(2) == 0 {
			joiner.Refs = provisioning.Refs{"manager": {boss.Ref()}}
		}
		w.src.Put(joiner)
	case 3:
		if r != nil {
			r.Attributes.Set("displayName", fmt.Sprint("Renamed ", w.rng.IntN(1e6)))
			w.src.Put(r)
		}
	case 4:
		if r != nil {
			r.Disabled = !r.Disabled
			w.src.Put(r)
		}
	case 5:
		if r != nil {
			w.left = append(w.left, r)
			w.src.Remove(r.Ref())
		}
	case 6:
		if len(w.left) > 0 {
			back := w.left[w.rng.IntN(len(w.left))]
			back.Refs = nil
			w.src.Put(back)
		}
	case 7:
		g := group(fmt.Sprint("group-", w.rng.IntN(4)))
		for _, u := range users {
			if w.rng.IntN(2) == 0 {
				g.Refs["members"] = append(g.Refs["members"], u.Ref())
			}
		}
		w.src.Put(g)
	case 8:
		if r != nil {
			if r.Attributes.Get("scope") == "out" {
				delete(r.Attributes, "scope")
			} else {
				r.Attributes.Set("scope", "out")
			}
			w.src.Put(r)
		}
	}
}

func (w *world) users() []*provisioning.Record {
	var all []*provisioning.Record
	for r, err := range w.src.Records(context.Background(), provisioning.User) {
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// expect brings the model up to date with the directory.
func (w *world) expect() {
	users := map[string]*provisioning.Record{}
	for _, r := range w.users() {
		if r.Attributes.Get("scope") != "out" {
			users[string(r.ID)] = r
		}
	}
	next := map[string]account{}
	for id, a := range w.have {
		if _, isGroup := a.Refs["members"]; !isGroup && users[id] == nil {
			a.Disabled = true // gone or out of scope
			next[id] = a
		}
	}
	for id, r := range users {
		if before, had := w.have[id]; had || !r.Disabled {
			next[id] = account{Disabled: r.Disabled, Attributes: r.Attributes, Refs: before.Refs}
		}
	}
	for id, r := range users {
		a, ok := next[id]
		manager, managed := r.Refs["manager"]
		if !ok || !managed {
			continue
		}
		a.Refs = map[string][]string{"manager": {}}
		for _, ref := range manager {
			if _, there := next[string(ref.ID)]; there {
				a.Refs["manager"] = append(a.Refs["manager"], string(ref.ID))
			}
		}
		next[id] = a
	}
	for r, err := range w.src.Records(context.Background(), provisioning.Group) {
		if err != nil {
			w.t.Fatal(err)
		}
		a := account{Attributes: r.Attributes, Refs: map[string][]string{"members": {}}}
		for _, ref := range r.Refs["members"] {
			if _, there := next[string(ref.ID)]; there {
				a.Refs["members"] = append(a.Refs["members"], string(ref.ID))
			}
		}
		next[string(r.ID)] = a
	}
	w.have = next
}

// check compares the sink with the model.
func (w *world) check() {
	w.t.Helper()
	w.expect()
	names := map[provisioning.Ref]string{}
	got := map[string]account{}
	links := w.links()
	var all []*provisioning.Record
	for _, kind := range []provisioning.Kind{provisioning.User, provisioning.Group} {
		for r, err := range w.dst.Records(context.Background(), kind) {
			if err != nil {
				w.t.Fatal(err)
			}
			if r.ID == "stranger" {
				continue
			}
			name := string(r.ExternalID)
			if w.nameles {
				name = links[r.Ref()]
			}
			if _, twice := got[name]; twice {
				w.t.Errorf("seed %d: %s is there twice", w.seed, name)
			}
			got[name] = account{}
			names[r.Ref()] = name
			all = append(all, r)
		}
	}
	for _, r := range all {
		a := account{Disabled: r.Disabled, Attributes: r.Attributes}
		for name, refs := range r.Refs {
			if a.Refs == nil {
				a.Refs = map[string][]string{}
			}
			for _, ref := range refs {
				a.Refs[name] = append(a.Refs[name], names[ref])
			}
		}
		got[names[r.Ref()]] = a
	}
	if diff := cmp.Diff(tidy(maps.Clone(w.have)), tidy(got), cmpopts.EquateEmpty()); diff != "" {
		w.t.Errorf("seed %d: the sink is not as the model (-model +sink):\n%s", w.seed, diff)
	}
}

// tidy takes names without references for names that are not there, and sorts the others.
func tidy(accounts map[string]account) map[string]account {
	for id, a := range accounts {
		refs := map[string][]string{}
		for name, to := range a.Refs {
			if len(to) > 0 {
				refs[name] = slices.Sorted(slices.Values(to))
			}
		}
		a.Refs = refs
		accounts[id] = a
	}
	return accounts
}

// links reads the link table as a run would.
func (w *world) links() map[provisioning.Ref]string {
	r, err := provisioning.New(w.src, asIs, nameless{w.dst.Bare()}, &w.opts)
	if err != nil {
		w.t.Fatal(err)
	}
	all := map[provisioning.Ref]string{}
	for _, kind := range []provisioning.Kind{provisioning.User, provisioning.Group} {
		for l, err := range r.Links(context.Background(), kind) {
			if err != nil {
				w.t.Fatal(err)
			}
			all[provisioning.Ref{Kind: l.Kind, ID: l.Target}] = string(l.Source)
		}
	}
	return all
}

// mortalState is a StateStore in memory that keeps nothing more once its process was killed.
type mortalState struct {
	mu     sync.Mutex
	dead   bool
	values map[string][]byte
}

func (s *mortalState) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = true
}

// revive is what the next process finds. The lease of one that is dead is over.
func (s *mortalState) revive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = false
	delete(s.values, "default/lease")
}

// forgive has everything that failed be tried again at once, as if time had passed.
func (s *mortalState) forgive(t *testing.T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.values["default/memory"]
	if !ok {
		return
	}
	var m provisioning.Memory
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	for _, ids := range m.Failing {
		for id, f := range ids {
			f.Next = time.Time{}
			ids[id] = f
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	s.values["default/memory"] = b
}

func (s *mortalState) Load(_ context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values[key], nil
}

func (s *mortalState) Save(ctx context.Context, key string, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return errKilled
	}
	s.values[key] = bytes.Clone(value)
	return nil
}

func (s *mortalState) Swap(_ context.Context, key string, old, value []byte) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return false, errKilled
	}
	now, ok := s.values[key]
	if ok != (old != nil) || !bytes.Equal(now, old) {
		return false, nil
	}
	s.values[key] = bytes.Clone(value)
	return true, nil
}
