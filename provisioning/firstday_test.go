package provisioning_test

import (
	"fmt"
	"testing"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// identity maps a record onto itself.
type identity struct{}

func (identity) Map(src *provisioning.Record) (*provisioning.Record, error) { return src, nil }

// Filling an empty sink is no reason to refuse the joiners of the same day.
func TestJoinersOnTheDayOfTheFirstRun(t *testing.T) {
	source, sink := memory.New(nil), memory.New(nil)
	add := func(from, to int) {
		for i := from; i < to; i++ {
			source.Put(&provisioning.Record{
				Kind: provisioning.User, ID: provisioning.ID(fmt.Sprintf("person-%d", i)),
				Attributes: provisioning.Attributes{"displayName": {fmt.Sprintf("Person %d", i)}},
			})
		}
	}
	add(0, 1200)
	r, err := provisioning.New(source.Source(), identity{}, sink, &provisioning.Options{Kinds: []provisioning.Kind{provisioning.User}})
	if err != nil {
		t.Fatal(err)
	}
	for day, joiners := range []int{0, 5, 7} {
		add(1200+10*day, 1200+10*day+joiners)
		if report, err := r.Run(t.Context()); err != nil || report.Err() != nil {
			t.Fatalf("run %d: %v, %v", day, err, report.Err())
		}
	}
}

// The reader of a plan wants to know who it is about, also when nothing but the account's state changes.
func TestPlanNamesPeople(t *testing.T) {
	source, sink := memory.New(nil), memory.New(nil)
	for _, id := range []provisioning.ID{"1", "2", "3"} {
		source.Put(&provisioning.Record{Kind: provisioning.User, ID: id, Attributes: provisioning.Attributes{"displayName": {"Person " + string(id)}}})
	}
	r, err := provisioning.New(source.Source(), identity{}, sink, &provisioning.Options{Kinds: []provisioning.Kind{provisioning.User}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	source.Remove(provisioning.Ref{Kind: provisioning.User, ID: "2"})
	p, err := r.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Changes) != 1 || p.Changes[0].Op != provisioning.Deactivate || p.Changes[0].Name != "Person 2" {
		t.Errorf("got %+v, want one deactivation that names Person 2", p.Changes)
	}
}

// Who is held is not counted as unchanged.
func TestHeldAreNotUnchanged(t *testing.T) {
	source, sink := memory.New(nil), memory.New(nil)
	for _, id := range []provisioning.ID{"1", "2", "3"} {
		source.Put(&provisioning.Record{Kind: provisioning.User, ID: id, Attributes: provisioning.Attributes{"mail": {"same@example.com"}}})
	}
	r, err := provisioning.New(source.Source(), identity{}, sink, &provisioning.Options{
		Kinds: []provisioning.Kind{provisioning.User}, Policy: provisioning.Policy{Unique: []string{"mail"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c := p.Counts[provisioning.User]; len(p.Held) != 3 || c.Wanted != 0 || c.Unchanged != 0 {
		t.Errorf("held %d, counts %+v; want 3 held, and none wanted or unchanged", len(p.Held), c)
	}
}

// A first run that was killed before it wrote the references is finished by the next one, whatever the limits.
func TestKilledBeforeReferences(t *testing.T) {
	source, sink := memory.New(nil), memory.New(nil)
	boss := provisioning.Ref{Kind: provisioning.User, ID: "person-0"}
	for i := range 300 {
		r := &provisioning.Record{Kind: provisioning.User, ID: provisioning.ID(fmt.Sprintf("person-%d", i)), Attributes: provisioning.Attributes{"displayName": {"x"}}}
		made := r.Clone()
		made.ExternalID, made.ID = r.ID, ""
		if _, err := sink.Create(t.Context(), made); err != nil {
			t.Fatal(err)
		}
		r.Refs = provisioning.Refs{"manager": {boss}}
		source.Put(r)
	}
	r, err := provisioning.New(source.Source(), identity{}, sink, &provisioning.Options{Kinds: []provisioning.Kind{provisioning.User}})
	if err != nil {
		t.Fatal(err)
	}
	if report, err := r.Run(t.Context()); err != nil || report.Err() != nil {
		t.Fatalf("%v, %v", err, report.Err())
	}
}
