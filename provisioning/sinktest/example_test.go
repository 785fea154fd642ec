package sinktest_test

import (
	"fmt"
	"testing"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
	"github.com/ilumy/usersync/provisioning/sinktest"
)

// The whole conformance test of a sink.
func ExampleTest() {
	_ = func(t *testing.T) { // In your package: func TestSink(t *testing.T)
		sinktest.Test(t, sinktest.Fixture{
			New: func(*testing.T) provisioning.Sink { return memory.New(nil) },
			Record: func(kind provisioning.Kind, n int) *provisioning.Record {
				return &provisioning.Record{Kind: kind, Attributes: provisioning.Attributes{
					"displayName": {fmt.Sprintf("%s number %d", kind, n)},
				}}
			},
		})
	}
	// Output:
}
