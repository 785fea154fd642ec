package peerbench

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"github.com/ilumy/usersync/datamapper"
	"github.com/ilumy/usersync/provisioning"
)

// mappingRules are 15 rules for a user of Active Directory, 6 of them expressions.
const mappingRules = `
version: 1
users:
  scope: 'employeeID pr and not (sAMAccountName sw "svc-")'
  attributes:
    userName: {expression: 'ToLower(Join("@", Join(".", StripSpaces([givenName]), StripSpaces([sn])), "example.com"))'}
    displayName: {expression: 'Join(" ", [givenName], [initials], [sn])'}
    emails: {expression: 'Coalesce([mail], [userPrincipalName])'}
    department: {expression: 'Switch([department], "Other", "R&D", "Research", "HR", "People", "IT", "Technology", "FIN", "Finance", "OPS", "Operations")'}
    preferredLanguage: {expression: 'Switch([c], "nl-NL", "BE", "nl-BE", "DE", "de-DE")'}
    costCenter: {expression: 'Left([extensionAttribute1], 4)'}
    name.givenName: {from: givenName}
    name.familyName: {from: sn}
    title: {from: title}
    phoneNumbers: {from: mobile}
    userType: {value: Employee}
    employeeNumber: {from: employeeID}
    organization: {from: company}
    addresses.locality: {from: l}
    nickName: {from: sAMAccountName}
  refs:
    manager: {from: manager}
`

// exprRules are the same expressions for expr-lang/expr, in its own fastest forms.
var exprRules = map[string]string{
	"userName":          `lower(replace(givenName, " ", "") + "." + replace(sn, " ", "") + "@example.com")`,
	"displayName":       `givenName + " " + initials + " " + sn`,
	"emails":            `mail ?? userPrincipalName`,
	"department":        `department == "R&D" ? "Research" : department == "HR" ? "People" : department == "IT" ? "Technology" : department == "FIN" ? "Finance" : department == "OPS" ? "Operations" : "Other"`,
	"preferredLanguage": `c == "BE" ? "nl-BE" : c == "DE" ? "de-DE" : "nl-NL"`,
	"costCenter":        `extensionAttribute1[:4]`,
}

// copied are the rules without an expression; the peer gets them for free, in Go.
var copied = map[string]string{
	"name.givenName": "givenName", "name.familyName": "sn", "title": "title", "phoneNumbers": "mobile", "employeeNumber": "employeeID",
	"organization": "company", "addresses.locality": "l", "nickName": "sAMAccountName",
}

// directoryUser is a user of Active Directory with 22 attributes.
func directoryUser() *provisioning.Record {
	return &provisioning.Record{
		Kind: provisioning.User, ID: "0b5c9a38-7ad9-4f6f-9e53-6a8a6b2c2c11",
		Attributes: provisioning.Attributes{
			"givenName": {"Zoe"}, "sn": {"van der Meer"}, "initials": {"Z.M."}, "userPrincipalName": {"zoe.vandermeer@example.com"},
			"sAMAccountName": {"zvandermeer"}, "employeeID": {"104311"}, "title": {"Senior developer"}, "department": {"OPS"},
			"company": {"Example"}, "c": {"BE"}, "co": {"Belgium"}, "l": {"Gent"}, "mobile": {"+32 470 12 34 56"}, "telephoneNumber": {"+32 9 123 45 67"},
			"extensionAttribute1": {"4711-Development"}, "cn": {"Zoe van der Meer"}, "whenChanged": {"20260801101112.0Z"},
			"userAccountControl": {"512"}, "objectClass": {"top", "person", "organizationalPerson", "user"},
			"streetAddress": {"Coupure 1"}, "postalCode": {"9000"}, "distinguishedName": {"CN=Zoe van der Meer,OU=People,DC=example,DC=com"},
		},
		Refs: provisioning.Refs{"manager": {{Kind: provisioning.User, ID: "guid-2"}}},
	}
}

// exprMapper maps with expr. It is for one goroutine, since a virtual machine is.
type exprMapper struct {
	scope *vm.Program
	rules []exprRule
	vm    vm.VM
	env   map[string]any
}

type exprRule struct {
	target  string
	program *vm.Program
}

func newExprMapper(tb testing.TB) *exprMapper {
	compile := func(src string) *vm.Program {
		p, err := expr.Compile(src, expr.Env(map[string]any{}), expr.AllowUndefinedVariables())
		if err != nil {
			tb.Fatal(err)
		}
		return p
	}
	m := &exprMapper{scope: compile(`employeeID != nil && !(lower(sAMAccountName) startsWith "svc-")`), env: map[string]any{}}
	for _, target := range slices.Sorted(maps.Keys(exprRules)) {
		m.rules = append(m.rules, exprRule{target, compile(exprRules[target])})
	}
	return m
}

func (m *exprMapper) Map(src *provisioning.Record) (*provisioning.Record, error) {
	clear(m.env)
	for name, values := range src.Attributes {
		if len(values) == 1 {
			m.env[name] = values[0]
		} else {
			m.env[name] = values
		}
	}
	ok, err := m.vm.Run(m.scope, m.env)
	if err != nil || ok != true {
		return nil, provisioning.SkipRecord
	}
	out := &provisioning.Record{Kind: src.Kind, Attributes: make(provisioning.Attributes, 15)}
	for _, r := range m.rules {
		v, err := m.vm.Run(r.program, m.env)
		if err != nil {
			return nil, err
		}
		if s, ok := v.(string); ok && s != "" {
			out.Attributes[r.target] = []string{s}
		}
	}
	for target, source := range copied {
		if values := src.Attributes[source]; len(values) > 0 {
			out.Attributes[target] = slices.Clone(values)
		}
	}
	out.Attributes["userType"] = []string{"Employee"}
	out.Refs = provisioning.Refs{"manager": slices.Clone(src.Refs["manager"])}
	return out, nil
}

// BenchmarkMapping maps an AD user with 15 rules, 6 of them expressions, with our rules and with expr-lang/expr.
func BenchmarkMapping(b *testing.B) {
	ours, err := datamapper.Load("rules.yaml", []byte(mappingRules), nil)
	if err != nil {
		b.Fatal(err)
	}
	theirs := newExprMapper(b)
	user := directoryUser()
	for _, c := range []struct {
		name   string
		mapper provisioning.Mapper
	}{{"usersync", ours}, {"expr", theirs}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.mapper.Map(user); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestMappingSame shows that both map the same record.
func TestMappingSame(t *testing.T) {
	ours, err := datamapper.Load("rules.yaml", []byte(mappingRules), nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := ours.Map(directoryUser())
	if err != nil {
		t.Fatal(err)
	}
	b, err := newExprMapper(t).Map(directoryUser())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range b.Attributes {
		if got := a.Attributes[name]; strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%s is %q here and %q there", name, got, want)
		}
	}
	if len(a.Attributes) != len(b.Attributes) {
		t.Errorf("%d attributes here and %d there", len(a.Attributes), len(b.Attributes))
	}
}
