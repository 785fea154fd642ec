package provisioning_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// The story of one run: a directory with three people, one of whom has no mail address, a rule that makes accounts
// of them, and an application that has to have those accounts.
func Example() {
	ctx := context.Background()
	directory := memory.New(nil)
	directory.Put(
		&provisioning.Record{Kind: provisioning.User, ID: "guid-1", Attributes: provisioning.Attributes{
			"mail": {"Anna@example.com"}, "cn": {"Anna de Vries"}}},
		&provisioning.Record{Kind: provisioning.User, ID: "guid-2", Attributes: provisioning.Attributes{
			"mail": {"bo@example.com"}, "cn": {"Bo Ong"}}, Refs: provisioning.Refs{"manager": {{Kind: provisioning.User, ID: "guid-1"}}}},
		&provisioning.Record{Kind: provisioning.User, ID: "guid-3", Attributes: provisioning.Attributes{"cn": {"Service"}}},
		&provisioning.Record{Kind: provisioning.Group, ID: "guid-4", Attributes: provisioning.Attributes{"cn": {"Everybody"}},
			Refs: provisioning.Refs{"members": {{Kind: provisioning.User, ID: "guid-1"}, {Kind: provisioning.User, ID: "guid-2"}}}},
	)
	application := memory.New(nil)

	r, err := provisioning.New(directory, rules{}, application, &provisioning.Options{
		Observer: &provisioning.Observer{
			Applied: func(_ context.Context, res *provisioning.Result) {
				fmt.Println(" ", res.Change.Op, res.Change.Kind, res.Change.Source, "→", res.Change.Target, res.Outcome)
			},
		},
		Concurrency: 1,
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	fmt.Println("first day")
	report, err := r.Run(ctx)
	fmt.Println(err, report.Err())

	fmt.Println("Bo leaves")
	directory.Remove(provisioning.Ref{Kind: provisioning.User, ID: "guid-2"})
	plan, err := r.Plan(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range plan.Changes {
		fmt.Println(" ", c.Op, c.Kind, c.Source, "because:", c.Reason)
	}
	report, err = r.Apply(ctx, plan)
	fmt.Println(err, report.Err())

	// Output:
	// first day
	//   create User guid-1 → user-1 done
	//   create User guid-2 → user-2 done
	//   create Group guid-4 → group-3 done
	// <nil> <nil>
	// Bo leaves
	//   update Group guid-4 because: the source has other values: members
	//   deactivate User guid-2 because: gone from the source
	//   update Group guid-4 → group-3 done
	//   deactivate User guid-2 → user-2 done
	// <nil> <nil>
}

// rules map a record of the directory to one of the application.
type rules struct{}

func (rules) Map(src *provisioning.Record) (*provisioning.Record, error) {
	out := &provisioning.Record{Kind: src.Kind, Attributes: provisioning.Attributes{}, Refs: src.Refs}
	out.Attributes.Set("displayName", src.Attributes.Get("cn"))
	if src.Kind == provisioning.Group {
		return out, nil
	}
	mail := src.Attributes.Get("mail")
	if mail == "" {
		return nil, provisioning.SkipRecord
	}
	out.Attributes.Set("userName", strings.ToLower(mail))
	return out, nil
}
