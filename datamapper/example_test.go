package datamapper_test

import (
	"fmt"

	"github.com/ilumy/usersync/datamapper"
	"github.com/ilumy/usersync/provisioning"
)

func Example() {
	rules := `
version: 1
users:
  scope: 'employeeID pr and not (sAMAccountName sw "svc-")'
  let:
    mailname: {template: "{givenName|NormalizeDiacritics|StripSpaces|ToLower}"}
  attributes:
    userName: {first: [mail, {template: "{mailname}@example.com"}]}
    displayName: {template: "{givenName} {middleName?} {sn}"}
    department: {switch: department, table: {HR: People}, default: Other}
    title: {from: title, onEmpty: clear}
  refs:
    manager: manager
`
	mapper, err := datamapper.Load("mapping.yaml", []byte(rules), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("reads", mapper.Attributes(provisioning.User))

	person, err := mapper.Map(&provisioning.Record{
		Kind: provisioning.User, ID: "5f0c",
		Attributes: provisioning.Attributes{
			"givenName": {"Zoë"}, "sn": {"de Vries"}, "employeeID": {"0012"}, "department": {"HR"},
		},
	})
	fmt.Println(person.Attributes, err)
	// Output:
	// reads [department employeeID givenName mail manager middleName sAMAccountName sn title]
	// map[department:[People] displayName:[Zoë de Vries] title:[] userName:[zoe@example.com]] <nil>
}
