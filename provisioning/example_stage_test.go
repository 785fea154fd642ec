package provisioning_test

import (
	"context"
	"fmt"
	"log"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// Of a day on which too many leave, everything else is done, and the leavers wait until somebody says that it is meant.
func ExampleOnRefused() {
	ctx := context.Background()
	source, sink, state := memory.New(nil), memory.New(nil), newState()
	for n := range 20 {
		source.Put(user(n))
	}
	run := func(approve string) *provisioning.Report {
		r, err := provisioning.New(source, asIs, sink, &provisioning.Options{
			State: state, Approve: approve, OnRefused: provisioning.StageRisky,
			Limits: provisioning.Limits{Deactivate: provisioning.Limit{Count: 2}},
		})
		if err != nil {
			log.Fatal(err)
		}
		report, err := r.Run(ctx)
		if err != nil {
			log.Fatal(err)
		}
		return report
	}
	run("")

	source.Remove(uref(1), uref(2), uref(3))
	source.Put(user(20))
	report := run("")
	fmt.Println("created:", report.Ops[provisioning.Create].Done)
	for _, refusal := range report.Refusals {
		fmt.Println("staged:", refusal)
	}

	// The next morning, when somebody has read report.Staged.
	report = run(report.Token)
	fmt.Println("deactivated:", report.Ops[provisioning.Deactivate].Done)
	// Output:
	// created: 1
	// staged: it deactivates 3 Users of 20; at most 2 may be (Options.Limits.Deactivate)
	// deactivated: 3
}
