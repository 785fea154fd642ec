package plekclient_test

import (
	"context"
	"fmt"

	"github.com/ilumy/usersync/plekclient"
	"github.com/ilumy/usersync/plekclient/plektest"
	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// asIs is the mapping of a directory that has Plek's attributes already.
type asIs struct{}

func (asIs) Map(src *provisioning.Record) (*provisioning.Record, error) {
	r := src.Clone()
	r.ID = ""
	return r, nil
}

// A directory of one person is brought into Plek, and again: then there is nothing to do.
func Example() {
	ctx := context.Background()
	plek := plektest.New(&plektest.Options{ClientID: "usersync", ClientSecret: "secret"})
	address, err := plek.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer plek.Close()

	people := memory.New(nil)
	people.Put(&provisioning.Record{Kind: provisioning.User, ID: "6f1c2d5e", Attributes: provisioning.Attributes{
		"userName":        {"noor@example.com"},
		"emails":          {"noor@example.com"},
		"name.givenName":  {"Noor"},
		"name.familyName": {"van der Meer"},
		"department":      {"Zorg"},
	}})

	client, err := plekclient.New(address, &plekclient.Options{ClientID: "usersync", ClientSecret: "secret"})
	if err != nil {
		fmt.Println(err)
		return
	}
	sync, err := provisioning.New(people, asIs{}, client.Sink(), &provisioning.Options{Policy: plekclient.Policy()})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		plan, err := sync.Plan(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(plan.Ops()[provisioning.Create], "to create, plan is empty:", plan.Empty())
		if _, err := sync.Apply(ctx, plan); err != nil {
			fmt.Println(err)
			return
		}
	}
	// Output:
	// 1 to create, plan is empty: false
	// 0 to create, plan is empty: true
}
