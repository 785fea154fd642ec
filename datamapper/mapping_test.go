package datamapper

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

func person(attributes provisioning.Attributes) *provisioning.Record {
	return &provisioning.Record{Kind: provisioning.User, ID: "guid-1", Attributes: attributes}
}

// users makes a rules file of the part about users.
func users(rules string) string { return "version: 1\nusers:\n" + rules }

func TestRules(t *testing.T) {
	all := provisioning.Attributes{
		"givenName": {"Zoë"}, "sn": {"de Vries"}, "mail": {}, "userPrincipalName": {"zoe@example.com"},
		"department": {"R&D"}, "c": {"BE"}, "proxyAddresses": {"smtp:a@x", "SMTP:b@x", "smtp:a@x"},
		"memberOf": {"admins", "staff"},
	}
	for _, tt := range []struct {
		name string
		rule string
		want []string // nil: absent
	}{
		{"short for from", `givenName`, []string{"Zoë"}},
		{"from", `{from: givenName}`, []string{"Zoë"}},
		{"from in any case", `{from: GIVENNAME}`, []string{"Zoë"}},
		{"from several values", `{from: proxyAddresses}`, []string{"smtp:a@x", "SMTP:b@x"}},
		{"from nothing keeps", `{from: title}`, nil},
		{"from nothing clears", `{from: title, onEmpty: clear}`, []string{}},
		{"from empty keeps", `{from: mail}`, nil},
		{"default", `{from: title, default: Employee}`, []string{"Employee"}},
		{"default list", `{from: title, default: [a, b]}`, []string{"a", "b"}},
		{"constant", `{value: Employee}`, []string{"Employee"}},
		{"constant with zeros", `{value: 0012}`, []string{"0012"}},
		{"constant list", `{value: [a, b, a]}`, []string{"a", "b"}},
		{"constant nothing", `{value: []}`, []string{}},
		{"default nothing", `{from: title, default: []}`, []string{}},
		{"switch to nothing", `{switch: department, table: {"R&D": []}, default: x}`, []string{}},
		{"constant in JSON", `{"value": "\u00e9\ud83d\ude00"}`, []string{"é😀"}},
		{"constant boolean", `{value: true}`, []string{"true"}},
		{"template", `{template: "{givenName} {sn}"}`, []string{"Zoë de Vries"}},
		{"template with functions", `{template: "{givenName|NormalizeDiacritics|ToLower}.{sn|StripSpaces|Left(5)}@x.nl"}`, []string{"zoe.deVri@x.nl"}},
		{"template with a missing value", `{template: "{givenName}.{title}"}`, nil},
		{"template with an optional value", `{template: "{givenName} {initials?} {sn}"}`, []string{"Zoë de Vries"}},
		{"template with an optional value first", `{template: "{initials?} {sn}"}`, []string{"de Vries"}},
		{"template with an optional value last", `{template: "{sn} {initials|ToUpper?}"}`, []string{"de Vries"}},
		{"template with braces", `{template: "{{{sn}}}"}`, []string{"{de Vries}"}},
		{"first", `{first: [mail, userPrincipalName]}`, []string{"zoe@example.com"}},
		{"first of forms", `{first: [mail, {template: "{sn}@x"}]}`, []string{"de Vries@x"}},
		{"switch", `{switch: department, table: {HR: People, "R&D": Research}}`, []string{"Research"}},
		{"switch without a match", `{switch: c, table: {HR: People}}`, nil},
		{"switch with default", `{switch: c, table: {HR: People}, default: Other}`, []string{"Other"}},
		{"switch of nothing", `{switch: title, table: {"": none, X: y}, default: Other}`, []string{"none"}},
		{"switch of several", `{switch: memberOf, table: {admins: admin, owners: owner}, default: user}`, []string{"admin"}},
		{"switch of a form", `{switch: {expression: "ToLower([department])"}, table: {"r&d": [x, y]}}`, []string{"x", "y"}},
		{"expression", `{expression: 'Switch([c], "nl-NL", "BE", "nl-BE")'}`, []string{"nl-BE"}},
		{"expression that clears", `{expression: 'IIF([c] = "BE", AuthoritativeNull, [c])'}`, []string{}},
		{"expression that leaves alone", `{expression: 'IIF([c] = "BE", IgnoreThisFlow, [c])', onEmpty: clear}`, nil},
		{"expression that ignores empty", `{expression: 'IgnoreFlowIfNullOrEmpty([title])', onEmpty: clear}`, nil},
		{"boolean as SCIM has it", `{expression: 'CBool([c] = "BE")'}`, []string{"true"}},
		{"the source's ID", `id`, []string{"guid-1"}},
		{"active", `{from: ACTIVE}`, []string{"true"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Load("m.yaml", []byte(users("  attributes:\n    x: "+tt.rule+"\n")), nil)
			require.NoError(t, err)
			got, err := m.Map(person(all))
			require.NoError(t, err)
			if diff := cmp.Diff(tt.want, got.Attributes["x"]); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestConditions(t *testing.T) {
	src := person(provisioning.Attributes{
		"employeeID": {"0012"}, "sAMAccountName": {"Jan.Jansen"}, "userAccountControl": {"512"},
		"memberOf": {"staff", "Admins"}, "empty": {""}, "name.givenName": {"Jan"}, "flag": {"TRUE"}, "whenCreated": {"20260201105800.0Z"},
	})
	src.Refs = provisioning.Refs{"manager": {{Kind: provisioning.User, ID: "guid-9"}}}
	for _, tt := range []struct {
		filter string
		want   bool
	}{
		{`employeeID pr`, true},
		{`empty pr`, false},
		{`missing pr`, false},
		{`employeeID pr and not (sAMAccountName sw "svc-")`, true},
		{`sAMAccountName sw "JAN."`, true},
		{`sAMAccountName ew "sen"`, true},
		{`sAMAccountName co ".J"`, true},
		{`samaccountname eq "jan.jansen"`, true},
		{`employeeID eq 12`, true},
		{`employeeID eq "12"`, false},
		{`userAccountControl gt 511`, true},
		{`userAccountControl le 511`, false},
		{`memberOf eq "admins"`, true},
		{`memberOf ne "admins"`, false},
		{`memberOf ne "owners"`, true},
		{`missing ne "x"`, true},
		{`missing eq "x"`, false},
		{`missing eq null`, true},
		{`missing ne null`, false},
		{`employeeID ne null`, true},
		{`whenCreated gt "2026-01-31"`, true},
		{`whenCreated lt "2026-02-01T13:00:00+02:00"`, true},
		{`whenCreated gt "2026-02-01T10:59:00Z"`, false},
		{`employeeID lt "2026-01-31"`, false},
		{`flag eq true`, true},
		{`active eq true`, true},
		{`id eq "GUID-1"`, true},
		{`name.givenName eq "jan"`, true},
		{`manager eq "guid-9"`, true},
		{`missing pr or employeeID pr`, true},
		{`missing pr and employeeID pr`, false},
		{`employeeID gt "0011"`, true},
	} {
		m, err := Load("m.yaml", []byte(users("  scope: '"+tt.filter+"'\n  attributes: {x: {value: y}}\n")), nil)
		require.NoError(t, err, tt.filter)
		_, err = m.Map(src)
		if got := !errors.Is(err, provisioning.SkipRecord); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.filter, got, tt.want)
		}
	}
}

const whole = `
version: 1
users:
  scope: 'employeeID pr and not (sAMAccountName sw "svc-")'
  disabled: 'active eq false or employeeStatus eq "left"'
  key: employeeID
  let:
    login: {template: "{mailname}@example.com"}
    mailname: {template: "{givenName|StripSpaces|ToLower}"}
  attributes:
    userName: {from: login, required: true}
    name.givenName: {from: givenName, required: true}
    title: {from: title, onEmpty: clear}
  refs:
    manager: {from: manager, onEmpty: clear}
groups:
  attributes: {displayName: cn}
  refs: {members: member}
`

func TestMap(t *testing.T) {
	m, err := Load("m.yaml", []byte(whole), nil)
	require.NoError(t, err)
	refs := provisioning.Refs{"Manager": {{Kind: provisioning.User, ID: "guid-2"}}}
	for _, tt := range []struct {
		name string
		in   *provisioning.Record
		want *provisioning.Record
		err  string
	}{
		{
			name: "user",
			in: &provisioning.Record{Kind: "User", ID: "guid-1", Refs: refs, Attributes: provisioning.Attributes{
				"employeeID": {"7"}, "givenName": {"Jan Piet"}, "employeeStatus": {"Left"},
			}},
			want: &provisioning.Record{Kind: "User", ExternalID: "7", Disabled: true, Attributes: provisioning.Attributes{
				"userName": {"janpiet@example.com"}, "name.givenName": {"Jan Piet"}, "title": {},
			}, Refs: provisioning.Refs{"manager": {{Kind: "User", ID: "guid-2"}}}},
		},
		{
			name: "disabled in the source",
			in: &provisioning.Record{Kind: "User", Disabled: true, Attributes: provisioning.Attributes{
				"employeeID": {"7"}, "givenName": {"Jan"}, "title": {"Chef"},
			}},
			want: &provisioning.Record{Kind: "User", ExternalID: "7", Disabled: true, Attributes: provisioning.Attributes{
				"userName": {"jan@example.com"}, "name.givenName": {"Jan"}, "title": {"Chef"},
			}, Refs: provisioning.Refs{"manager": {}}},
		},
		{
			name: "required and not there",
			in:   &provisioning.Record{Kind: "User", Attributes: provisioning.Attributes{"employeeID": {"7"}}},
			err: "userName (m.yaml:11:5): a value is required, and login gives none; " +
				"name.givenName (m.yaml:12:5): a value is required, and givenName gives none",
		},
		{
			name: "two keys",
			in:   &provisioning.Record{Kind: "User", Attributes: provisioning.Attributes{"employeeID": {"7", "8"}, "givenName": {"Jan"}}},
			err:  "key (m.yaml:6:8): the record has several values, so that it cannot be told who it is",
		},
		{
			name: "several values where one is expected",
			in:   &provisioning.Record{Kind: "User", Attributes: provisioning.Attributes{"employeeID": {"7"}, "givenName": {"Jan", "Piet"}}},
			err:  `userName (m.yaml:11:5): login: mailname: givenName: several values where one is expected; choose one with Item(…, 1), or join them with Join(", ", …)`,
		},
		{
			name: "group",
			in: &provisioning.Record{Kind: "Group", ID: "g", Attributes: provisioning.Attributes{"cn": {"Staff"}},
				Refs: provisioning.Refs{"member": {}}},
			want: &provisioning.Record{Kind: "Group", Attributes: provisioning.Attributes{"displayName": {"Staff"}},
				Refs: provisioning.Refs{"members": {}}},
		},
		{
			name: "group whose members were not read",
			in:   &provisioning.Record{Kind: "Group", ID: "g", Attributes: provisioning.Attributes{"cn": {"Staff"}}},
			want: &provisioning.Record{Kind: "Group", Attributes: provisioning.Attributes{"displayName": {"Staff"}}, Refs: provisioning.Refs{}},
		},
		{
			name: "kind without rules",
			in:   &provisioning.Record{Kind: "Device"},
			err:  "m.yaml has no rules for records of kind Device",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := tt.in.Clone()
			got, err := m.Map(tt.in)
			text := ""
			if err != nil {
				text = err.Error()
			}
			if diff := cmp.Diff(tt.err, text); diff != "" {
				t.Errorf("error (-want +got)\n%s", diff)
			}
			var rule *RuleError
			if errors.As(err, &rule) != strings.Contains(tt.err, "(m.yaml:") {
				t.Errorf("error is %#v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(before, tt.in); diff != "" {
				t.Errorf("source was changed (-before +after)\n%s", diff)
			}
		})
	}
}

func TestAttributesOfRules(t *testing.T) {
	m, err := Load("m.yaml", []byte(whole), nil)
	require.NoError(t, err)
	if diff := cmp.Diff([]provisioning.Kind{"Group", "User"}, m.Kinds()); diff != "" {
		t.Errorf("kinds (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"employeeID", "employeeStatus", "givenName", "manager", "sAMAccountName", "title"}, m.Attributes("User")); diff != "" {
		t.Errorf("attributes of users (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"manager", "name.givenName", "title", "userName"}, m.Targets("User")); diff != "" {
		t.Errorf("targets of users (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"cn", "member"}, m.Attributes("Group")); diff != "" {
		t.Errorf("attributes of groups (-want +got)\n%s", diff)
	}
}

func TestFingerprint(t *testing.T) {
	load := func(s string) string {
		m, err := Load("m.yaml", []byte(s), nil)
		require.NoError(t, err)
		return m.Fingerprint()
	}
	base := load(users("  attributes: {a: b, c: d}\n"))
	for name, same := range map[string]string{
		"comments": users("  # more\n  attributes: {a: b, c: d}\n"),
		"order":    "users:\n  attributes:\n    c: \"d\"\n    a: b\nversion: 1\n",
		"BOM, CR":  "\ufeff" + users("  attributes: {a: b,\r\n    c: d}\r\n"),
		"JSON":     "{\"version\": 1,\n\t\"users\": {\"attributes\": {\"a\": \"b\", \"c\": \"d\"}}}",
	} {
		if load(same) != base {
			t.Errorf("%s changed the fingerprint", name)
		}
	}
	if load(users("  attributes: {a: b, c: e}\n")) == base {
		t.Error("another rule has the same fingerprint")
	}
}

func TestUnseen(t *testing.T) {
	const test = "tests: [{kind: Group, in: {cn: x, member: y}, want: mapped}]\n" // which does not count
	m, err := Load("m.yaml", []byte(whole+test), nil)
	require.NoError(t, err)
	if diff := cmp.Diff([]string{"cn", "member"}, m.Unseen("Group")); diff != "" {
		t.Errorf("before (-want +got)\n%s", diff)
	}
	_, err = m.Map(&provisioning.Record{Kind: "User", Attributes: provisioning.Attributes{
		"employeeID": {"7"}, "GIVENNAME": {"Jan"}, "sAMAccountName": {"jan"}, "title": {},
	}})
	require.NoError(t, err)
	if diff := cmp.Diff([]string{"employeeStatus", "manager", "title"}, m.Unseen("User")); diff != "" {
		t.Errorf("after (-want +got)\n%s", diff)
	}
}

// TestReferencesByCase shows that of names of references that differ in case only always the same one counts: the one that
// is spelled as in the rules, else the first in the order of characters.
func TestReferencesByCase(t *testing.T) {
	m, err := Load("m.yaml", []byte("version: 1\nusers:\n  attributes: {boss: managerid, chief: Manager}\n  refs: {manager: Manager, lead: managerId}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := &provisioning.Record{
		Kind: provisioning.User, Attributes: provisioning.Attributes{"boss": {"1"}, "chief": {"3"}},
		Refs: provisioning.Refs{"manager": {{ID: "3"}}, "lead": {{ID: "1"}}},
	}
	for range 50 {
		src := &provisioning.Record{Kind: provisioning.User, Refs: provisioning.Refs{
			"MANAGERID": {{ID: "1"}}, "ManagerID": {{ID: "2"}}, "MANAGER": {{ID: "4"}}, "Manager": {{ID: "3"}},
		}}
		got, err := m.Map(src)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	}
}
