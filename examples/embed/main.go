// Embed keeps a Plek environment in step with an Active Directory: the whole of a program that embeds the library.
package main

import (
	"context"
	"log"
	"os"

	"github.com/ilumy/usersync/datamapper"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/plekclient"
	"github.com/ilumy/usersync/provisioning"
)

func main() {
	rules := must(datamapper.LoadFile("mapping.yaml", nil))
	source := must(ldapsource.New("ldaps://dc1.example.com", &ldapsource.Options{
		Bind: ldapsource.SimpleBind{DN: "svc-usersync@example.com", Password: os.Getenv("LDAP_PASSWORD")},
	}))
	plek := must(plekclient.New("https://example.plek.co", &plekclient.Options{Token: os.Getenv("PLEK_TOKEN")}))
	state := must(provisioning.NewFileState("state"))
	r := must(provisioning.New(source, rules, plek.Sink(), &provisioning.Options{State: state}))

	report := must(r.Run(context.Background())) // refused, before the first write, if it would change too much
	if err := report.Err(); err != nil {
		log.Fatal("not all is as it shall be: ", err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}
