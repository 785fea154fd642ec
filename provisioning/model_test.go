package provisioning_test

import (
	"context"
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
	for _, fault := range []string{"refused", "answer lost", "conflict", "killed", "read cut off", "staged", "approved"} {
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
	if w.rng.IntN(3) == 0 {
		w.stage()
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
	token := ""
	for n := 0; n < 4; n++ {
		report, err := w.run(w.source())
		if err != nil {
			w.t.Fatalf("seed %d: a run without faults: %v", w.seed, err)
		}
		if w.opts.Approve = ""; report.Staged != nil {
			w.faults["staged"]++
			if token == "" || token != report.Token {
				token = report.Token // Read once more before it is approved: it must be the same, when nothing happens.
				continue
			}
			w.faults["approved"]++
			w.opts.Approve = token
			n = 0
			continue
		}
		if report.Err() == nil && report.Plan.Empty() {
			break
		}
	}
	w.check()
}

// stage has the world stage what is more than a little, as a run or as a day.
func (w *world) stage() {
	off := provisioning.Limit{Off: true}
	few := func() provisioning.Limit { return provisioning.Limit{Count: 1 + w.rng.IntN(3)} }
	w.opts.OnRefused = provisioning.StageRisky
	w.opts.Limits = provisioning.Limits{Create: few(), Update: few(), Deactivate: few(), Reactivate: few(), Delete: off, RemoveRefs: few(),
		RemoveRefsEach: few(), SourceFloor: -1}
	if w.rng.IntN(2) == 0 {
		w.opts.DayLimits = provisioning.Limits{Create: off, Update: off, Deactivate: off, Reactivate: off, RemoveRefs: off}
	}
}

// untouched wants that a run has written nothing of what it staged.
func (w *world) untouched(p *provisioning.Plan) {
	for _, c := range p.Changes {
		h, ok := w.dst.Get(provisioning.Ref{Kind: c.Kind, ID: c.Target})
		switch {
		case c.Op == provisioning.Create:
			if c.Target != "" {
				w.t.Errorf("seed %d: %s was created although that is staged", w.seed, c.Source)
			}
		case !ok, c.Op == provisioning.Deactivate && h.Disabled, c.Op == provisioning.Reactivate && !h.Disabled:
			w.t.Errorf("seed %d: %s of %s was done although it is staged", w.seed, c.Op, c.Source)
		default:
			for _, name := range c.Changed() {
				if !slices.Equal(h.Attributes[name], c.Before.Attributes[name]) {
					w.t.Errorf("seed %d: %s of %s was written although that is staged", w.seed, name, c.Source)
				}
			}
		}
	}
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
	report, err := r.Run(context.Background())
	if report.Staged != nil {
		w.untouched(report.Staged)
	}
	return report, err
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
