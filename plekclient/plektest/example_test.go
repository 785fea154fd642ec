package plektest_test

import (
	"context"
	"fmt"

	"github.com/ilumy/usersync/plekclient"
	"github.com/ilumy/usersync/plekclient/plektest"
	"github.com/ilumy/usersync/provisioning"
)

func Example() {
	plek := plektest.New(&plektest.Options{Tokens: []string{"secret"}})
	address, err := plek.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer plek.Close()

	c, err := plekclient.New(address, &plekclient.Options{Token: "secret"})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = c.Sink().Create(context.Background(), &provisioning.Record{
		Kind:       provisioning.User,
		ExternalID: "6f1c2d5e",
		Attributes: provisioning.Attributes{
			"userName":        {"noor@example.com"},
			"emails":          {"noor@example.com"},
			"name.givenName":  {"Noor"},
			"name.familyName": {"de Boer"},
		},
	})
	fmt.Println(err, len(plek.Users()), plek.Users()[0].ExternalID())
	// Output: <nil> 1 6f1c2d5e
}
