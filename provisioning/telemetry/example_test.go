package telemetry_test

import (
	"context"
	"fmt"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
	"github.com/ilumy/usersync/provisioning/telemetry"
)

type unchanged struct{}

func (unchanged) Map(r *provisioning.Record) (*provisioning.Record, error) { return r, nil }

// The spans of a run. A program gives the exporter of its own instead of the one for tests.
func Example() {
	exporter := tracetest.NewInMemoryExporter()
	spans := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	observer, err := telemetry.New(spans, nil, &telemetry.Options{Job: "plek"})
	if err != nil {
		fmt.Println(err)
		return
	}
	source, sink := memory.New(nil), memory.New(nil)
	source.Put(&provisioning.Record{Kind: provisioning.User, ID: "1", Attributes: provisioning.Attributes{"userName": {"ann"}}})
	r, err := provisioning.New(source, unchanged{}, sink, &provisioning.Options{
		Kinds: []provisioning.Kind{provisioning.User}, Observer: provisioning.Observers(observer),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := r.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	for _, span := range exporter.GetSpans() {
		fmt.Println(span.Name)
	}
	// Output:
	// read User of source
	// read User of sink
	// plan
	// judge
	// create User
	// run
}
