package provisioning_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// sloppy gives more than it is asked for by ExternalID.
type sloppy struct {
	*memory.Store
	gives func(have, asked string) bool
}

func (s sloppy) Find(ctx context.Context, l provisioning.Lookup) iter.Seq2[*provisioning.Record, error] {
	if l.By != provisioning.ByExternalID {
		return s.Store.Find(ctx, l)
	}
	return func(yield func(*provisioning.Record, error) bool) {
		for r, err := range s.Records(ctx, l.Kind) {
			if err == nil && !s.gives(string(r.ExternalID), l.Values[0]) {
				continue
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// A creation without an answer is looked for, and what a sink finds that does not look closely is not taken for it.
func TestLostCreationIsNotAnothers(t *testing.T) {
	for name, gives := range map[string]func(have, asked string) bool{
		"letter case makes no difference": strings.EqualFold,
		"the filter is passed over":       func(string, string) bool { return true },
	} {
		for _, written := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, written %v", name, written), func(t *testing.T) {
				j := newJob(0)
				older, newcomer := user(1), user(2)
				older.ID, newcomer.ID = "0015x0a", "0015X0A" // as Salesforce gives them
				j.src.Put(older)
				lose := false
				j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
					if c.Name == "Create" && c.After == written && lose {
						lose = false
						return provisioning.ErrUnavailable
					}
					return nil
				}})
				j.sink = sloppy{j.dst, gives}
				j.clean(t)
				account := j.of(t, older.Ref())
				j.src.Put(newcomer)
				lose = true
				j.clean(t)
				require.Equal(t, account, j.of(t, older.Ref()), "the account was given to another")
				require.NotNil(t, j.of(t, newcomer.Ref()), "nobody was created, and the report says so")
			})
		}
	}
}
