package sinktest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/ilumy/usersync/provisioning"
)

// A Fixture is what [Test] needs to know of a sink. New and Record are necessary.
type Fixture struct {
	// New gives an empty sink: what is in it from the start is left alone by the test, and must stay.
	New func(t *testing.T) provisioning.Sink
	// Record gives a valid record of a kind, with attributes only: no ID, ExternalID or Refs. The same n gives
	// the same record, another n other values wherever they must be unique. n is 1 to 1000.
	Record func(kind provisioning.Kind, n int) *provisioning.Record
	// Edit changes the values of at least one attribute of a record that Record gave. Default: the values of
	// the attribute "displayName" get " (edited)" after them.
	Edit func(r *provisioning.Record)
	// Kinds are the kinds that the sink has. Default: User and Group.
	Kinds []provisioning.Kind
	// Optional names by kind an attribute that is in every record that Record gives, has one value, and
	// may be cleared. Nothing is cleared in a kind without one.
	Optional map[provisioning.Kind]string
	// Refs are the references that the sink can hold. Default: "members" of a Group, which are
	// users, and "manager" of a User, which is one user.
	Refs []RefField
	// NoDisable are the kinds that cannot be disabled. Default: Group.
	NoDisable []provisioning.Kind
	// Faulty gives an empty sink as New does, some of whose writes fail: fault is asked before each single
	// write that reaches the other side, and says what becomes of it. Optional.
	Faulty func(t *testing.T, fault func() Fault) provisioning.Sink
}

// A RefField is a name under which records of a kind refer to others.
type RefField struct {
	Kind provisioning.Kind
	Name string
	// To is the kind referred to.
	To provisioning.Kind
	// Single says that there is at most one reference.
	Single bool
}

// A Fault is what becomes of a write.
type Fault int

const (
	// Pass lets it through.
	Pass Fault = iota
	// Refuse has it fail for now, before anything was written: a 503.
	Refuse
	// Lose writes it and loses the answer: a connection that is reset.
	Lose
)

// Test checks that a sink keeps the rules of [provisioning.Sink], and of those optional
// capabilities that it has.
func Test(t *testing.T, f Fixture) {
	t.Helper()
	if f.New == nil || f.Record == nil {
		t.Fatal("sinktest: a Fixture needs New and Record")
	}
	f.defaults()
	t.Run("create", f.testCreate)
	t.Run("update", f.testUpdate)
	t.Run("absent is left alone", f.testAbsent)
	t.Run("empty is cleared", f.testClear)
	t.Run("external ID is kept", f.testExternalID)
	t.Run("duplicate is refused", f.testDuplicate)
	t.Run("references", f.testRefs)
	t.Run("disable and enable", f.testDisable)
	t.Run("delete", f.testDelete)
	t.Run("not found", f.testNotFound)
	t.Run("find", f.testFind)
	t.Run("cancelled", f.testCancelled)
	t.Run("reconcile", f.testReconcile)
	if f.Faulty != nil {
		t.Run("faults", f.testFaults)
	}
}

func (f *Fixture) defaults() {
	if f.Kinds == nil {
		f.Kinds = []provisioning.Kind{provisioning.User, provisioning.Group}
	}
	if f.Edit == nil {
		f.Edit = func(r *provisioning.Record) {
			r.Attributes.Set("displayName", r.Attributes.Get("displayName")+" (edited)")
		}
	}
	if f.Refs == nil {
		f.Refs = []RefField{
			{Kind: provisioning.Group, Name: "members", To: provisioning.User},
			{Kind: provisioning.User, Name: "manager", To: provisioning.User, Single: true},
		}
	}
	if f.NoDisable == nil {
		f.NoDisable = []provisioning.Kind{provisioning.Group}
	}
}

// record gives the nth record of a kind as the reconciler would send it.
func (f *Fixture) record(t *testing.T, s provisioning.Sink, kind provisioning.Kind, n int) *provisioning.Record {
	t.Helper()
	r := f.Record(kind, n)
	if r == nil || r.Kind != kind || r.ID != "" || r.ExternalID != "" || len(r.Refs) > 0 {
		t.Fatalf("sinktest: Fixture.Record(%s, %d) must give a record of that kind without ID, ExternalID and Refs", kind, n)
	}
	r.ExternalID = externalID(kind, n)
	return canonical(t, s, r)
}

func externalID(kind provisioning.Kind, n int) provisioning.ID {
	return provisioning.ID(fmt.Sprintf("source-%s-%d", kind, n))
}

// canonical gives r as the sink will give it back.
func canonical(t *testing.T, s provisioning.Sink, r *provisioning.Record) *provisioning.Record {
	t.Helper()
	c, ok := s.(provisioning.Canonicalizer)
	if !ok {
		return r
	}
	out, err := c.Canonical(r.Clone())
	if err != nil {
		t.Fatalf("Canonical refuses a valid %s: %v", r.Kind, err)
	}
	return out
}

// create makes the nth record of a kind and gives it as the sink then has it.
func (f *Fixture) create(t *testing.T, s provisioning.Sink, kind provisioning.Kind, n int) *provisioning.Record {
	t.Helper()
	id, err := s.Create(t.Context(), f.record(t, s, kind, n))
	if err != nil || id == "" {
		t.Fatalf("Create of a valid %s gave ID %q, error %v", kind, id, err)
	}
	return get(t, s, provisioning.Ref{Kind: kind, ID: id})
}

// get reads one record by listing, which every sink can.
func get(t *testing.T, s provisioning.Sink, ref provisioning.Ref) *provisioning.Record {
	t.Helper()
	r, err := lookup(t.Context(), s, ref)
	if err != nil {
		t.Fatalf("read %s: %v", ref, err)
	}
	if r == nil {
		t.Fatalf("%s is not among the records that the sink gives, though it should be", ref)
	}
	return r
}

func lookup(ctx context.Context, s provisioning.Sink, ref provisioning.Ref) (*provisioning.Record, error) {
	var found *provisioning.Record
	for r, err := range s.Records(ctx, ref.Kind) {
		var re *provisioning.RecordError
		if errors.As(err, &re) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if r.ID == ref.ID {
			if found != nil {
				return nil, fmt.Errorf("the sink gave %s twice", ref)
			}
			found = r
		}
	}
	return found, nil
}

// change makes of have, as the sink gave it, a Change to after.
func change(op provisioning.Op, have, after *provisioning.Record) *provisioning.Change {
	return &provisioning.Change{
		Op:     op,
		Link:   provisioning.Link{Kind: have.Kind, Source: have.ExternalID, Target: have.ID},
		Before: have,
		After:  after,
	}
}
