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

func ExampleMapping_Explain() {
	mapper, err := datamapper.Load("mapping.yaml", []byte(`
version: 1
users:
  scope: employeeID pr
  attributes:
    displayName: {template: "{givenName} {sn}"}
    title: {from: title, onEmpty: clear}
    userName: {from: mail, required: true}
`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	explanation := mapper.Explain(&provisioning.Record{
		Kind: provisioning.User, ID: "5f0c",
		Attributes: provisioning.Attributes{"givenName": {"Zoë"}, "sn": {"Jansen"}, "employeeID": {"12"}},
	})
	for _, step := range explanation.Steps {
		fmt.Println(step.Target, step.Values, step.Err)
	}
	// Output:
	// scope [true] <nil>
	// displayName [Zoë Jansen] <nil>
	// title [] <nil>
	// userName [] a value is required, and mail gives none
}
