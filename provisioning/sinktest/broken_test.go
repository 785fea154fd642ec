package sinktest_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
	"github.com/ilumy/usersync/provisioning/sinktest"
)

// brokenEnv names the mistake that TestAsBroken makes.
const brokenEnv = "SINKTEST_BROKEN"

// A broken sink makes a mistake on top of one that works. What is nil works.
type broken struct {
	provisioning.Sink
	records func(good provisioning.Sink, r *provisioning.Record) *provisioning.Record
	create  func(ctx context.Context, good provisioning.Sink, r *provisioning.Record) (provisioning.ID, error)
	update  func(ctx context.Context, good provisioning.Sink, c *provisioning.Change) error
	delete  func(ctx context.Context, good provisioning.Sink, ref provisioning.Ref) error
}

func (b *broken) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		for r, err := range b.Sink.Records(ctx, kind) {
			if r != nil && b.records != nil {
				if r = b.records(b.Sink, r); r == nil {
					continue
				}
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

func (b *broken) Create(ctx context.Context, r *provisioning.Record) (provisioning.ID, error) {
	if b.create != nil {
		return b.create(ctx, b.Sink, r)
	}
	return b.Sink.Create(ctx, r)
}

func (b *broken) Update(ctx context.Context, c *provisioning.Change) error {
	if b.update != nil {
		return b.update(ctx, b.Sink, c)
	}
	return b.Sink.Update(ctx, c)
}

func (b *broken) Delete(ctx context.Context, ref provisioning.Ref) error {
	if b.delete != nil {
		return b.delete(ctx, b.Sink, ref)
	}
	return b.Sink.Delete(ctx, ref)
}

// changed gives a change with another record after it.
func changed(c *provisioning.Change, edit func(after *provisioning.Record)) *provisioning.Change {
	other := *c
	other.After = c.After.Clone()
	if other.After != nil {
		if other.After.Attributes == nil {
			other.After.Attributes = provisioning.Attributes{}
		}
		edit(other.After)
	}
	return &other
}

// mistakes are those that the kit must find, each with what its failure says.
var mistakes = map[string]struct {
	broken
	want string
}{
	"it forgets the external ID": {broken{records: func(_ provisioning.Sink, r *provisioning.Record) *provisioning.Record {
		r.ExternalID = ""
		return r
	}}, "takes the record for a stranger's"},
	"it stores in lower case without saying so": {broken{records: func(_ provisioning.Sink, r *provisioning.Record) *provisioning.Record {
		for _, values := range r.Attributes {
			for i := range values {
				values[i] = strings.ToLower(values[i])
			}
		}
		return r
	}}, "must give back what was written"},
	"an update clears what it does not mention": {broken{update: func(ctx context.Context, good provisioning.Sink, c *provisioning.Change) error {
		return good.Update(ctx, changed(c, func(after *provisioning.Record) {
			if _, ok := after.Attributes["title"]; !ok && c.Kind == provisioning.User {
				after.Attributes.Set("title")
			}
		}))
	}}, "what a record does not mention is not ours"},
	"an update does not clear": {broken{update: func(ctx context.Context, good provisioning.Sink, c *provisioning.Change) error {
		return good.Update(ctx, changed(c, func(after *provisioning.Record) {
			maps.DeleteFunc(after.Attributes, func(_ string, values []string) bool { return len(values) == 0 })
		}))
	}}, "empty means cleared"},
	"it cannot disable": {broken{update: func(ctx context.Context, good provisioning.Sink, c *provisioning.Change) error {
		return good.Update(ctx, changed(c, func(after *provisioning.Record) { after.Disabled = false }))
	}}, "a leaver who can still log in"},
	"it adds references and never removes one": {broken{update: func(ctx context.Context, good provisioning.Sink, c *provisioning.Change) error {
		other := *c
		other.Remove = nil
		return good.Update(ctx, &other)
	}}, "references (-want +got)"},
	"what is deleted stays": {broken{delete: func(context.Context, provisioning.Sink, provisioning.Ref) error { return nil }},
		"it is still there after the first Delete"},
	"deleting twice is an error": {broken{delete: func(ctx context.Context, good provisioning.Sink, ref provisioning.Ref) error {
		for r, err := range good.Records(ctx, ref.Kind) {
			if err != nil || r.ID == ref.ID {
				return good.Delete(ctx, ref)
			}
		}
		return fmt.Errorf("deleting %s: %w", ref, provisioning.ErrNotFound)
	}}, "the first answer may have been lost"},
	"it refuses a duplicate without saying why": {broken{create: func(ctx context.Context, good provisioning.Sink, r *provisioning.Record) (provisioning.ID, error) {
		id, err := good.Create(ctx, r)
		if errors.Is(err, provisioning.ErrExists) {
			err = errors.New("bad request")
		}
		return id, err
	}}, "want an error that wraps ErrExists"},
	"what is not there is updated with success": {broken{update: func(ctx context.Context, good provisioning.Sink, c *provisioning.Change) error {
		_ = good.Update(ctx, c)
		return nil
	}}, "want an error that wraps ErrNotFound"},
}

// TestAsBroken is the test of a broken sink, which TestFindsMistakes runs in a process of its own. Without a mistake to
// make it tests a sink that works.
func TestAsBroken(t *testing.T) {
	m := mistakes[os.Getenv(brokenEnv)]
	sinktest.Test(t, sinktest.Fixture{
		New: func(*testing.T) provisioning.Sink {
			b := m.broken
			b.Sink = memory.New(&memory.Options{Unique: []string{"userName", "displayName"}}).Bare()
			return &b
		},
		Record: func(kind provisioning.Kind, n int) *provisioning.Record {
			r := &provisioning.Record{Kind: kind, Attributes: provisioning.Attributes{"displayName": {fmt.Sprint(kind, " No ", n)}}}
			if kind == provisioning.User {
				r.Attributes.Set("userName", fmt.Sprintf("User.%d", n))
				r.Attributes.Set("title", "Engineer")
			}
			return r
		},
		Optional: map[provisioning.Kind]string{provisioning.User: "title"},
	})
}

// A kit that does not fail for a broken connector would be worse than none.
func TestFindsMistakes(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(mistakes)) {
		t.Run(name, func(t *testing.T) {
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAsBroken$")
			child.Env = append(os.Environ(), brokenEnv+"="+name)
			out, err := child.CombinedOutput()
			if err == nil || !strings.Contains(string(out), mistakes[name].want) {
				t.Errorf("error %v; want the kit to fail and to say %q:\n%s", err, mistakes[name].want, out)
			}
		})
	}
}
