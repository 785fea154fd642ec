package datamapper

import (
	"testing"

	"github.com/ilumy/usersync/provisioning"
)

// benchRules are 15 rules, 6 of them expressions.
const benchRules = `
version: 1
users:
  scope: 'employeeID pr and not (sAMAccountName sw "svc-")'
  attributes:
    userName: {expression: 'ToLower(Join("@", Join(".", NormalizeDiacritics(StripSpaces([givenName])), NormalizeDiacritics(StripSpaces([sn]))), "example.com"))'}
    name.givenName: {from: givenName, required: true}
    name.familyName: {from: sn, required: true}
    displayName: {expression: 'Join(" ", [givenName], [initials], [sn])'}
    emails: {expression: 'Coalesce([mail], [userPrincipalName])'}
    title: {from: title, onEmpty: clear}
    department: {expression: 'Switch([department], "Other", "R&D", "Research", "HR", "People", "IT", "Technology", "FIN", "Finance", "OPS", "Operations")'}
    phoneNumbers: {first: [mobile, telephoneNumber]}
    preferredLanguage: {expression: 'Switch([c], "nl-NL", "BE", "nl-BE", "DE", "de-DE")'}
    userType: {value: Employee}
    employeeNumber: {from: employeeID}
    organization: {from: company}
    costCenter: {expression: 'Left([extensionAttribute1], 4)'}
    addresses.locality: {from: l}
    nickName: {from: sAMAccountName}
  refs:
    manager: {from: manager}
`

// benchUser is a user of Active Directory with 22 attributes.
func benchUser() *provisioning.Record {
	return &provisioning.Record{
		Kind: provisioning.User, ID: "0b5c9a38-7ad9-4f6f-9e53-6a8a6b2c2c11",
		Attributes: provisioning.Attributes{
			"givenName": {"Zoë"}, "sn": {"van der Meer"}, "initials": {"Z.M."}, "mail": {}, "userPrincipalName": {"zoe.vandermeer@example.com"},
			"sAMAccountName": {"zvandermeer"}, "employeeID": {"104311"}, "title": {"Senior developer"}, "department": {"OPS"},
			"company": {"Example"}, "c": {"BE"}, "co": {"Belgium"}, "l": {"Gent"}, "mobile": {"+32 470 12 34 56"}, "telephoneNumber": {"+32 9 123 45 67"},
			"extensionAttribute1": {"4711-Development"}, "cn": {"Zoë van der Meer"}, "whenChanged": {"20260801101112.0Z"},
			"userAccountControl": {"512"}, "objectClass": {"top", "person", "organizationalPerson", "user"},
			"streetAddress": {"Coupure 1"}, "postalCode": {"9000"},
		},
		Refs: provisioning.Refs{"manager": {{Kind: provisioning.User, ID: "guid-2"}}},
	}
}

// BenchmarkMap maps an AD user with 15 rules, 6 of them expressions.
func BenchmarkMap(b *testing.B) {
	m, err := Load("m.yaml", []byte(benchRules), nil)
	if err != nil {
		b.Fatal(err)
	}
	user := benchUser()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Map(user); err != nil {
			b.Fatal(err)
		}
	}
}
