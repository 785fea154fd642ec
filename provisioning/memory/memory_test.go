package memory_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
	"github.com/ilumy/usersync/provisioning/sinktest"
	"github.com/ilumy/usersync/provisioning/sourcetest"
)

func TestSink(t *testing.T) {
	f := sinktest.Fixture{
		New: func(*testing.T) provisioning.Sink {
			return memory.New(&memory.Options{Unique: []string{"userName", "displayName"}})
		},
		Record: record,
		Optional: map[provisioning.Kind]string{
			provisioning.User: "title",
		},
	}
	f.Faulty = func(_ *testing.T, fault func() sinktest.Fault) provisioning.Sink {
		return memory.New(&memory.Options{Unique: []string{"userName", "displayName"}, Fault: faults(fault)})
	}
	t.Run("all capabilities", func(t *testing.T) { sinktest.Test(t, f) })
	single, faulty := f.New, f.Faulty
	f.New = func(t *testing.T) provisioning.Sink { return memory.Batching{Store: single(t).(*memory.Store)} }
	f.Faulty = func(t *testing.T, fault func() sinktest.Fault) provisioning.Sink {
		return memory.Batching{Store: faulty(t, fault).(*memory.Store)}
	}
	t.Run("in batches", func(t *testing.T) { sinktest.Test(t, f) })
	f.New, f.Faulty = single, faulty
	whole := f.New
	f.New = func(t *testing.T) provisioning.Sink { return whole(t).(*memory.Store).Bare() }
	wholeFaulty := f.Faulty
	f.Faulty = func(t *testing.T, fault func() sinktest.Fault) provisioning.Sink {
		return wholeFaulty(t, fault).(*memory.Store).Bare()
	}
	t.Run("none", func(t *testing.T) { sinktest.Test(t, f) })
}

func record(kind provisioning.Kind, n int) *provisioning.Record {
	r := &provisioning.Record{Kind: kind, Attributes: provisioning.Attributes{
		"displayName": {fmt.Sprintf("%s Nr %d", kind, n)},
	}}
	if kind == provisioning.User {
		r.Attributes.Set("userName", fmt.Sprintf("user.%d@example.com", n))
		r.Attributes.Set("title", "Engineer")
	}
	return r
}

// faults turns the kit's faults into those of the store.
func faults(fault func() sinktest.Fault) memory.Fault {
	var mu sync.Mutex
	lose := map[provisioning.Ref]bool{}
	return func(_ context.Context, c memory.Call) error {
		if c.Name == "Records" || c.Name == "Find" {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if c.After {
			if lose[c.Ref] {
				delete(lose, c.Ref)
				return fmt.Errorf("connection reset: %w", provisioning.ErrUnavailable)
			}
			return nil
		}
		switch fault() {
		case sinktest.Refuse:
			return fmt.Errorf("too busy: %w", provisioning.ErrUnavailable)
		case sinktest.Lose:
			lose[c.Ref] = true
		}
		return nil
	}
}

func TestSource(t *testing.T) {
	f := sourcetest.Fixture{Kinds: []provisioning.Kind{provisioning.User, provisioning.Group}}
	for n := range 7 {
		r := record(provisioning.User, n)
		r.ID = provisioning.ID(fmt.Sprint("u", n))
		f.Want = append(f.Want, r)
	}
	f.Want = append(f.Want, &provisioning.Record{Kind: provisioning.Group, ID: "g", Refs: provisioning.Refs{"members": {f.Want[0].Ref()}}})
	f.New = func(*testing.T) provisioning.Source {
		s := memory.New(nil)
		s.Put(f.Want...)
		return s
	}
	f.Cut = func(_ *testing.T, n int) provisioning.Source {
		s := memory.New(&memory.Options{Cut: n + 1})
		s.Put(f.Want...)
		return s
	}
	sourcetest.Test(t, f)
}
