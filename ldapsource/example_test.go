package ldapsource_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/provisioning"
)

// An export of an Active Directory, read without any server.
func ExampleNewLDIF() {
	const export = `dn: CN=Sanne de Vries,OU=Staff,DC=example,DC=com
objectClass: user
objectGUID:: AAECAwQFBgcICQoLDA0ODw==
displayName: Sanne de Vries
userAccountControl: 514

dn: CN=Everybody,OU=Groups,DC=example,DC=com
objectClass: group
objectGUID:: EAECAwQFBgcICQoLDA0ODw==
displayName: Everybody
member: CN=Sanne de Vries,OU=Staff,DC=example,DC=com

`
	open := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(export)), nil }
	source, err := ldapsource.NewLDIF(open, &ldapsource.Options{Attributes: []string{"displayName", "members"}})
	if err != nil {
		panic(err)
	}
	for _, kind := range []provisioning.Kind{provisioning.User, provisioning.Group} {
		for r, err := range source.Records(context.Background(), kind) {
			if err != nil {
				panic(err)
			}
			fmt.Println(r.Ref(), r.Attributes.Get("displayName"), r.Disabled, r.Refs["members"])
		}
	}
	// Output:
	// User/03020100-0504-0706-0809-0a0b0c0d0e0f Sanne de Vries true []
	// Group/03020110-0504-0706-0809-0a0b0c0d0e0f Everybody false [User/03020100-0504-0706-0809-0a0b0c0d0e0f]
}

// A domain controller, found by DNS, whose people are those of one group.
func ExampleNew() {
	source, err := ldapsource.New("ldaps:///dc=corp,dc=example", &ldapsource.Options{
		Bind:       ldapsource.SimpleBind{DN: "svc-usersync@corp.example", Password: os.Getenv("LDAP_PASSWORD")},
		Attributes: []string{"displayName", "mail", "department", "manager", "members"},
		Exclude:    []string{"OU=Service Accounts,DC=corp,DC=example"},
		MemberOf:   []string{"CN=Intranet users,OU=Groups,DC=corp,DC=example"},
	})
	if err != nil {
		panic(err)
	}
	defer source.Close()
	fmt.Printf("%T\n", source)
	// Output: *ldapsource.Source
}
