package sinktest

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ilumy/usersync/provisioning"
)

func (f *Fixture) testRefs(t *testing.T) {
	for _, field := range f.Refs {
		t.Run(string(field.Kind)+" "+field.Name, func(t *testing.T) {
			s := f.New(t)
			owner := f.create(t, s, field.Kind, 1)
			var to []provisioning.Link
			for n := range 3 {
				r := f.create(t, s, field.To, n+2)
				to = append(to, provisioning.Link{Kind: r.Kind, Source: r.ExternalID, Target: r.ID})
			}
			steps := []struct {
				name              string
				add, remove, want []provisioning.Link
			}{
				{"add two", to[:2], nil, to[:2]},
				{"add what is there", to[1:2], nil, to[:2]},
				{"remove one and add one", to[2:], to[:1], to[1:]},
				{"remove what is not there", nil, to[:1], to[1:]},
				{"remove all", nil, to[1:], nil},
			}
			if field.Single {
				steps = []struct {
					name              string
					add, remove, want []provisioning.Link
				}{
					{"set", to[:1], nil, to[:1]},
					{"set what is there", to[:1], nil, to[:1]},
					{"replace", to[1:2], to[:1], to[1:2]},
					{"remove", nil, to[1:2], nil},
				}
			}
			for _, step := range steps {
				have := get(t, s, owner.Ref())
				after := have.Clone()
				after.Attributes, after.Refs = nil, provisioning.Refs{field.Name: sources(step.want)}
				c := change(provisioning.Update, have, after)
				c.Add = map[string][]provisioning.Link{field.Name: step.add}
				c.Remove = map[string][]provisioning.Link{field.Name: step.remove}
				if err := edit(t.Context(), s, c, field.Name); err != nil {
					t.Errorf("%s: %v", step.name, err)
				}
				now := get(t, s, owner.Ref())
				if diff := cmp.Diff(targets(step.want), now.Refs[field.Name], sets); diff != "" {
					t.Errorf("%s: references (-want +got):\n%s", step.name, diff)
				}
				if !cmp.Equal(owner.Attributes, now.Attributes, sets) || now.ExternalID != owner.ExternalID || now.Disabled != owner.Disabled {
					t.Errorf("%s: a change of references changed more:\n%s", step.name, cmp.Diff(owner, now, sets))
				}
			}
		})
	}
}

// edit changes references as the reconciler does.
func edit(ctx context.Context, s provisioning.Sink, c *provisioning.Change, name string) error {
	if e, ok := s.(provisioning.RefEditor); ok {
		return e.EditRefs(ctx, provisioning.Ref{Kind: c.Kind, ID: c.Target}, name, targets(c.Add[name]), targets(c.Remove[name]))
	}
	return s.Update(ctx, c)
}

func targets(links []provisioning.Link) []provisioning.Ref {
	var refs []provisioning.Ref
	for _, l := range links {
		refs = append(refs, provisioning.Ref{Kind: l.Kind, ID: l.Target})
	}
	return refs
}

func sources(links []provisioning.Link) []provisioning.Ref {
	refs := []provisioning.Ref{}
	for _, l := range links {
		refs = append(refs, provisioning.Ref{Kind: l.Kind, ID: l.Source})
	}
	return refs
}

func (f *Fixture) testFind(t *testing.T) {
	s := f.New(t)
	for _, kind := range f.Kinds {
		f.create(t, s, kind, 1)
		want := f.create(t, s, kind, 2)
		for _, l := range []provisioning.Lookup{
			{Kind: kind, By: provisioning.ByID, Values: []string{string(want.ID)}},
			{Kind: kind, By: provisioning.ByExternalID, Values: []string{string(want.ExternalID), "source-nobody"}},
		} {
			var got []*provisioning.Record
			for r, err := range provisioning.Find(t.Context(), s, l) {
				if err != nil {
					t.Errorf("%s: Find by %s: %v", kind, l.By, err)
					break
				}
				got = append(got, r)
			}
			if diff := cmp.Diff([]*provisioning.Record{want}, got, sets); diff != "" {
				t.Errorf("%s: Find by %s gives another record than Records (-want +got):\n%s", kind, l.By, diff)
			}
		}
	}
	if err := provisioning.Ping(t.Context(), s); err != nil {
		t.Errorf("Ping of a sink that works: %v", err)
	}
}

func (f *Fixture) testCancelled(t *testing.T) {
	s := f.New(t)
	for _, kind := range f.Kinds {
		have := f.create(t, s, kind, 1)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		n, end := 0, error(nil)
		for _, err := range s.Records(ctx, kind) {
			if err != nil {
				end = err
				break
			}
			n++
		}
		if end == nil && n == 0 {
			t.Errorf("%s: a read with a cancelled context ended silently: it looks complete, and what is missing would be created again", kind)
		}
		if _, err := s.Create(ctx, f.record(t, s, kind, 2)); err == nil {
			t.Errorf("%s: Create with a cancelled context reported success", kind)
		}
		if diff := cmp.Diff(have, get(t, s, have.Ref()), sets); diff != "" {
			t.Errorf("%s: changed without a write (-before +after):\n%s", kind, diff)
		}
	}
}
