package client_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/client"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

// service is a service provider for the examples.
func service() *httptest.Server {
	types := []*scim.ResourceType{scim.NewUserType(), scim.NewGroupType()}
	h, err := server.New(types, server.One(memstore.New(nil)), server.InsecureAnyone, nil)
	if err != nil {
		panic(err)
	}
	return httptest.NewServer(h)
}

func Example() {
	ctx := context.Background()
	s := service()
	defer s.Close()

	c, err := client.New(s.URL, &client.Options{Token: "secret"})
	if err != nil {
		fmt.Println(err)
		return
	}
	user := scim.NewResource(scim.UserSchema)
	user.Set("userName", "noor@example.com")
	made, err := c.Create(ctx, "/Users", user)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = c.Patch(ctx, "/Users", made.ID(), []scim.PatchOperation{{Op: scim.Replace, Path: "title", Value: "Jurist"}}, "")
	if err != nil {
		fmt.Println(err)
		return
	}
	for u, err := range c.List(ctx, "/Users", &client.Query{Filter: `title eq "jurist"`}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(u.GetString("userName"), u.GetString("title"))
	}
	// Output: noor@example.com Jurist
}

func ExampleDirectory() {
	ctx := context.Background()
	s := service()
	defer s.Close()

	c, err := client.New(s.URL, &client.Options{Token: "secret", Profile: client.Generic()})
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := client.NewDirectory(c, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	wanted, err := d.Canonical(&provisioning.Record{
		Kind:       provisioning.User,
		ExternalID: "6f1c2d5e",
		Attributes: provisioning.Attributes{
			"username":                     {"noor@example.com"},
			"department":                   {"Zorg"},
			`emails[type eq "work"].value`: {"noor@example.com"},
			"active":                       {"True"},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := d.Create(ctx, wanted); err != nil {
		fmt.Println(err)
		return
	}
	for r, err := range d.Records(ctx, provisioning.User) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(r.ExternalID, r.Disabled)
		for name := range wanted.Attributes {
			if r.Attributes.Get(name) != wanted.Attributes.Get(name) {
				fmt.Println(name, "differs")
			}
		}
	}
	// Output: 6f1c2d5e false
}

// Two people and their group, in one request.
func ExampleBulk() {
	s := service()
	defer s.Close()
	c, err := client.New(s.URL, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	b := &client.Bulk{}
	var members []any
	for _, name := range []string{"noor@example.com", "sam@example.com"} {
		user := scim.NewResource(scim.UserSchema)
		user.Set("userName", name)
		members = append(members, scim.NewObject(scim.Member{Name: "value", Value: b.Create("/Users", user)}))
	}
	group := scim.NewResource(scim.GroupSchema)
	group.Set("displayName", "Jurists")
	group.Set("members", members)
	b.Create("/Groups", group)

	results, err := c.Bulk(context.Background(), b)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range results {
		fmt.Println(r.Status, r.ID != "", r.Err)
	}
	// Output:
	// 201 true <nil>
	// 201 true <nil>
	// 201 true <nil>
}
