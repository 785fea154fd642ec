package sourcetest_test

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
	"github.com/ilumy/usersync/provisioning/sourcetest"
)

// brokenEnv names the mistake that TestAsBroken makes.
const brokenEnv = "SOURCETEST_BROKEN"

type records = iter.Seq2[*provisioning.Record, error]

// A sourceFunc is a source that makes a mistake on top of one that works.
type sourceFunc func(ctx context.Context, kind provisioning.Kind) records

func (f sourceFunc) Records(ctx context.Context, kind provisioning.Kind) records { return f(ctx, kind) }

func people() *memory.Store {
	s := memory.New(&memory.Options{Kinds: []provisioning.Kind{provisioning.User}})
	for n := range 8 {
		s.Put(&provisioning.Record{Kind: provisioning.User, ID: provisioning.ID(fmt.Sprint(n)),
			Attributes: provisioning.Attributes{"displayName": {fmt.Sprint("Person ", n)}}})
	}
	return s
}

// mistakes are those that the kit must find, each with what its failure says.
var mistakes = map[string]struct {
	of   func(good provisioning.Source) provisioning.Source
	cut  bool // the mistake is in how a broken connection ends
	want string
}{
	"one too few": {func(good provisioning.Source) provisioning.Source {
		return sourceFunc(func(ctx context.Context, kind provisioning.Kind) records {
			return func(yield func(*provisioning.Record, error) bool) {
				for r, err := range good.Records(ctx, kind) {
					if r != nil && r.ID == "7" || !yield(r, err) {
						return
					}
				}
			}
		})
	}, false, "fewer than there are is the worst mistake of all"},
	"a kind it does not have is empty": {func(good provisioning.Source) provisioning.Source {
		return sourceFunc(func(ctx context.Context, kind provisioning.Kind) records {
			if kind != provisioning.User {
				return func(func(*provisioning.Record, error) bool) {}
			}
			return good.Records(ctx, kind)
		})
	}, false, "ErrUnsupported"},
	"cancelled, it ends as if complete": {func(good provisioning.Source) provisioning.Source {
		return sourceFunc(func(ctx context.Context, kind provisioning.Kind) records {
			return func(yield func(*provisioning.Record, error) bool) {
				for r, err := range good.Records(context.WithoutCancel(ctx), kind) {
					if ctx.Err() != nil || !yield(r, err) {
						return
					}
				}
			}
		})
	}, false, "cancelled"},
	"cut off, it ends as if complete": {func(good provisioning.Source) provisioning.Source {
		return sourceFunc(func(ctx context.Context, kind provisioning.Kind) records {
			return func(yield func(*provisioning.Record, error) bool) {
				for r, err := range good.Records(ctx, kind) {
					if err != nil && !errors.Is(err, errors.ErrUnsupported) || !yield(r, err) {
						return
					}
				}
			}
		})
	}, true, "ended silently"},
	"it keeps what it gave": {func(good provisioning.Source) provisioning.Source {
		kept := map[provisioning.ID]*provisioning.Record{}
		return sourceFunc(func(ctx context.Context, kind provisioning.Kind) records {
			return func(yield func(*provisioning.Record, error) bool) {
				for r, err := range good.Records(ctx, kind) {
					if r != nil {
						if kept[r.ID] == nil {
							kept[r.ID] = r
						}
						r = kept[r.ID]
					}
					if !yield(r, err) {
						return
					}
				}
			}
		})
	}, false, "the receiver owns what it was given"},
	"it can be read once": {func(good provisioning.Source) provisioning.Source {
		read := false
		return sourceFunc(func(ctx context.Context, kind provisioning.Kind) records {
			if read && kind == provisioning.User {
				return func(func(*provisioning.Record, error) bool) {}
			}
			read = read || kind == provisioning.User
			return good.Records(ctx, kind)
		})
	}, false, "a second read of an unchanged source"},
	"it yields one twice": {func(good provisioning.Source) provisioning.Source {
		return sourceFunc(func(ctx context.Context, kind provisioning.Kind) records {
			return func(yield func(*provisioning.Record, error) bool) {
				for r, err := range good.Records(ctx, kind) {
					if !yield(r, err) || r != nil && r.ID == "3" && !yield(r.Clone(), nil) {
						return
					}
				}
			}
		})
	}, false, "was yielded twice"},
	"it yields nothing at all in between": {func(good provisioning.Source) provisioning.Source {
		return sourceFunc(func(ctx context.Context, kind provisioning.Kind) records {
			return func(yield func(*provisioning.Record, error) bool) {
				if kind == provisioning.User && !yield(nil, nil) {
					return
				}
				for r, err := range good.Records(ctx, kind) {
					if !yield(r, err) {
						return
					}
				}
			}
		})
	}, false, "neither a record nor an error"},
}

// TestAsBroken is the test of a broken source, which TestFindsMistakes runs in a process of its own. Without a mistake to
// make it tests a source that works.
func TestAsBroken(t *testing.T) {
	m, broken := mistakes[os.Getenv(brokenEnv)]
	make := func(s provisioning.Source, cut bool) provisioning.Source {
		if !broken || m.cut != cut {
			return s
		}
		return m.of(s)
	}
	sourcetest.Test(t, sourcetest.Fixture{
		New:   func(*testing.T) provisioning.Source { return make(people().Source(), false) },
		Kinds: []provisioning.Kind{provisioning.User},
		Count: map[provisioning.Kind]int{provisioning.User: 8},
		Cut: func(_ *testing.T, n int) provisioning.Source {
			good := people()
			return make(sourceFunc(func(ctx context.Context, kind provisioning.Kind) records {
				return cutAfter(good.Source().Records(ctx, kind), n)
			}), true)
		},
	})
}

func cutAfter(seq records, n int) records {
	return func(yield func(*provisioning.Record, error) bool) {
		for r, err := range seq {
			if n--; n < 0 && err == nil {
				r, err = nil, errors.New("connection reset")
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
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
