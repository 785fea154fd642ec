package sourcetest_test

import (
	"testing"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
	"github.com/ilumy/usersync/provisioning/sourcetest"
)

// The whole conformance test of a source.
func ExampleTest() {
	_ = func(t *testing.T) { // In your package: func TestSource(t *testing.T)
		anna := &provisioning.Record{Kind: provisioning.User, ID: "guid-1", Attributes: provisioning.Attributes{"mail": {"anna@example.com"}}}
		build := func(cut int) provisioning.Source {
			s := memory.New(&memory.Options{Kinds: []provisioning.Kind{provisioning.User}, Cut: cut})
			s.Put(anna)
			return s
		}
		sourcetest.Test(t, sourcetest.Fixture{
			Kinds: []provisioning.Kind{provisioning.User},
			New:   func(*testing.T) provisioning.Source { return build(0) },
			Want:  []*provisioning.Record{anna},
			Cut:   func(_ *testing.T, n int) provisioning.Source { return build(n + 1) },
		})
	}
	// Output:
}
