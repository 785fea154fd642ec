package memory_test

import (
	"fmt"
	"testing"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
	"github.com/ilumy/usersync/provisioning/sinktest"
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
	t.Run("all capabilities", func(t *testing.T) { sinktest.Test(t, f) })
	whole := f.New
	f.New = func(t *testing.T) provisioning.Sink { return whole(t).(*memory.Store).Bare() }
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
