package client_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/client"
)

const (
	enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:"
	custom     = "urn:example:plek:2.0:User"
)

// offline makes a directory that is never asked anything, with a schema of its own beside those of RFC 7643.
func offline(t *testing.T, o *client.Options) *client.Directory {
	t.Helper()
	c, err := client.New("https://example.com/scim/v2", o)
	require.NoError(t, err)
	types, err := client.NewTypes(&scim.Schema{ID: custom, Name: "Plek", Attributes: []*scim.Attribute{
		{Name: "floor", Type: scim.Integer},
		{Name: "since", Type: scim.DateTime},
		{Name: "parttime", Type: scim.Decimal},
		{Name: "remote", Type: scim.Boolean},
		{Name: "skills", MultiValued: true},
		{Name: "department"},
		{Name: "secret", Returned: scim.ReturnedNever},
	}})
	require.NoError(t, err)
	d, err := client.NewDirectory(c, &client.DirectoryOptions{Types: types})
	require.NoError(t, err)
	return d
}

func TestCanonicalNames(t *testing.T) {
	d := offline(t, nil)
	for _, tt := range []struct {
		in, want string
		err      string // part of the error
	}{
		{"userName", "userName", ""},
		{"USERNAME", "userName", ""},
		{"urn:ietf:params:scim:schemas:core:2.0:User:userName", "userName", ""},
		{"name.givenname", "name.givenName", ""},
		{"name", "", "name one of them: formatted, familyName, givenName"},
		{"emails", "emails", ""},
		{"emails.value", "emails", ""},
		{"Emails.Value", "emails", ""},
		{`emails[type eq "work"]`, `emails[type eq "work"].value`, ""},
		{`emails[type eq "work"].value`, `emails[type eq "work"].value`, ""},
		{`emails[Type EQ "WORK"].Value`, `emails[type eq "work"].value`, ""},
		{`emails[ type  eq "work" ].value`, "", "not of the form"},
		{`emails[type eq "my own"].value`, `emails[type eq "my own"].value`, ""},
		{`emails[type eq "work"].type`, "", "which value is meant"},
		{`emails[primary eq true].value`, "", "not of the form"},
		{`emails[type ne "work"].value`, "", "not of the form"},
		{`emails[type eq "work"].value.x`, "", "has no part"},
		{`emails[type eq "work"].shoe`, "", "it has value, display"},
		{`emails[type eq "work"`, "", "not of the form"},
		{`emails[type eq "a"b"].value`, "", "not of the form"},
		{"addresses", "", `addresses[type eq "work"].formatted`},
		{"addresses.locality", "", "say of which type"},
		{`addresses[type eq "work"].locality`, `addresses[type eq "work"].locality`, ""},
		{`title[type eq "work"]`, "", "without brackets"},
		{`name[type eq "work"].givenName`, "", "without brackets"},
		{enterprise + "department", enterprise + "department", ""},
		{strings.ToUpper(enterprise) + "DEPARTMENT", enterprise + "department", ""},
		{"employeeNumber", enterprise + "employeeNumber", ""},
		{"department", "", "several schemas have it; name one of " + enterprise + "department, " + custom + ":department"},
		{"skills", custom + ":skills", ""},
		{custom + ":skills", custom + ":skills", ""},
		{custom, "", "a schema, not an attribute"},
		{custom + ":shoeSize", "", "no such attribute"},
		{"shoeSize", "", "there are addresses, costCenter"},
		{"id", "", "the server sets it"},
		{"meta.created", "", "the server sets it"},
		{"schemas", "", "the server sets it"},
		{"externalId", "", "holds the ExternalID"},
		{"password", "", "never gives it back"},
		{"secret", "", "never gives it back"},
		{"groups", "", "the server sets it"},
		{"manager", "", `map to the reference "manager"`},
		{"manager.value", "", `map to the reference "manager"`},
		{enterprise + "manager", "", `map to the reference "manager"`},
		{"members", "", "no such attribute"},
		{"", "", "not of the form"},
	} {
		t.Run(tt.in, func(t *testing.T) {
			got, err := d.Name(provisioning.User, tt.in)
			if tt.err == "" && (err != nil || got != tt.want) {
				t.Errorf("%q, error %v; want %q", got, err, tt.want)
			}
			if tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err) || !errors.Is(err, provisioning.ErrInvalid)) {
				t.Errorf("%q, error %v; want one of class ErrInvalid that says %q", got, err, tt.err)
			}
		})
	}
}

func TestCanonicalValues(t *testing.T) {
	d := offline(t, &client.Options{Profile: &client.Profile{Lower: []string{"userName", `emails[type eq "work"].value`}}})
	for _, tt := range []struct {
		name string
		in   provisioning.Record
		want provisioning.Record
		err  string
	}{
		{"booleans, numbers and times in one spelling",
			provisioning.Record{Attributes: provisioning.Attributes{"remote": {"True"}, "floor": {"+007"}, "parttime": {"0.80"}, "since": {"2020-01-01T12:00:00.000+02:00"}}},
			provisioning.Record{Attributes: provisioning.Attributes{custom + ":remote": {"true"}, custom + ":floor": {"7"}, custom + ":parttime": {"0.8"}, custom + ":since": {"2020-01-01T10:00:00Z"}}}, ""},
		{"values once, and none that is empty",
			provisioning.Record{Attributes: provisioning.Attributes{"skills": {"Go", "", "SQL", "Go"}, "title": {""}, "nickName": {}}},
			provisioning.Record{Attributes: provisioning.Attributes{custom + ":skills": {"Go", "SQL"}, "title": {}, "nickName": {}}}, ""},
		{"lower case where the server stores it",
			provisioning.Record{Attributes: provisioning.Attributes{`emails[type eq "work"].value`: {"Noor@Example.com"}, "title": {"CEO"}}},
			provisioning.Record{Attributes: provisioning.Attributes{`emails[type eq "work"].value`: {"noor@example.com"}, "title": {"CEO"}}}, ""},
		{"active is Disabled",
			provisioning.Record{Attributes: provisioning.Attributes{"active": {"False"}}},
			provisioning.Record{Disabled: true, Attributes: provisioning.Attributes{}}, ""},
		{"disabled stays disabled",
			provisioning.Record{Disabled: true, Attributes: provisioning.Attributes{"active": {"true"}}},
			provisioning.Record{Disabled: true, Attributes: provisioning.Attributes{}}, ""},
		{"references under their names",
			provisioning.Record{Refs: provisioning.Refs{enterprise + "manager": {{Kind: provisioning.User, ID: "1"}}}},
			provisioning.Record{Attributes: provisioning.Attributes{}, Refs: provisioning.Refs{"manager": {{Kind: provisioning.User, ID: "1"}}}}, ""},
		{"one attribute under two names", provisioning.Record{Attributes: provisioning.Attributes{"employeeNumber": {"7"}, enterprise + "employeeNumber": {"7"}}},
			provisioning.Record{Attributes: provisioning.Attributes{enterprise + "employeeNumber": {"7"}}}, ""},
		{"one attribute under two names, with different values", provisioning.Record{Attributes: provisioning.Attributes{"employeeNumber": {"7"}, enterprise + "employeeNumber": {"8"}}}, provisioning.Record{}, "twice under different names"},
		{"two values of one", provisioning.Record{Attributes: provisioning.Attributes{"title": {"A", "B"}}}, provisioning.Record{}, "takes one value, and 2 are given"},
		{"no boolean", provisioning.Record{Attributes: provisioning.Attributes{"remote": {"maybe"}}}, provisioning.Record{}, "no boolean"},
		{"no number", provisioning.Record{Attributes: provisioning.Attributes{"floor": {"ground"}}}, provisioning.Record{}, "no integer"},
		{"no time", provisioning.Record{Attributes: provisioning.Attributes{"since": {"yesterday"}}}, provisioning.Record{}, "no dateTime"},
		{"whole and by type", provisioning.Record{Attributes: provisioning.Attributes{"emails": {"a"}, `emails[type eq "work"].value`: {"b"}}}, provisioning.Record{}, "map one of the two"},
		{"whole and by type, in harmony", provisioning.Record{Attributes: provisioning.Attributes{"emails": {"a", "b"}, `emails[type eq "home"].value`: {"b"}}},
			provisioning.Record{Attributes: provisioning.Attributes{"emails": {"a", "b"}, `emails[type eq "home"].value`: {"b"}}}, ""},
		{"no user name", provisioning.Record{Attributes: provisioning.Attributes{"userName": {}}}, provisioning.Record{}, "every User must have one"},
		{"unknown reference", provisioning.Record{Refs: provisioning.Refs{"assistant": nil}}, provisioning.Record{}, `"members" of groups and "manager" of users`},
		{"two managers", provisioning.Record{Refs: provisioning.Refs{"manager": {{Kind: provisioning.User, ID: "1"}, {Kind: provisioning.User, ID: "2"}}}}, provisioning.Record{}, "one manager, and 2"},
		{"everything that is wrong, at once", provisioning.Record{Attributes: provisioning.Attributes{"shoe": {"1"}, "floor": {"x"}}}, provisioning.Record{}, "shoe"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.in.Kind, tt.want.Kind = provisioning.User, provisioning.User
			if tt.in.Attributes == nil {
				tt.in.Attributes = provisioning.Attributes{}
			}
			if _, ok := tt.in.Attributes["userName"]; !ok {
				tt.in.Attributes["userName"] = []string{"Noor"}
			}
			given := tt.in.Clone()
			got, err := d.Canonical(&tt.in)
			if diff := cmp.Diff(given, &tt.in); diff != "" {
				t.Errorf("Canonical changed what it was given:\n%s", diff)
			}
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) || !errors.Is(err, provisioning.ErrInvalid) {
					t.Errorf("error %v; want one of class ErrInvalid that says %q", err, tt.err)
				}
				if err != nil && strings.Contains(err.Error(), "yesterday") {
					t.Errorf("the error holds a value: %v", err)
				}
				return
			}
			require.NoError(t, err)
			tt.want.Attributes["userName"] = []string{"noor"}
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			again, err := d.Canonical(got)
			if diff := cmp.Diff(got, again); diff != "" || err != nil {
				t.Errorf("the canonical form has another canonical form: %v\n%s", err, diff)
			}
		})
	}
}

func TestCanonicalOfGroups(t *testing.T) {
	d := offline(t, nil)
	group := &provisioning.Record{Kind: provisioning.Group, Attributes: provisioning.Attributes{"displayname": {"HR"}}, Refs: provisioning.Refs{"Members": {}}}
	got, err := d.Canonical(group)
	want := &provisioning.Record{Kind: provisioning.Group, Attributes: provisioning.Attributes{"displayName": {"HR"}}, Refs: provisioning.Refs{"members": {}}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	group.Disabled = true
	if _, err := d.Canonical(group); !errors.Is(err, provisioning.ErrInvalid) {
		t.Errorf("a disabled group: error %v, want ErrInvalid, for SCIM has none", err)
	}
	if _, err := d.Canonical(&provisioning.Record{Kind: "Device"}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("an unknown kind: error %v, want ErrUnsupported", err)
	}
}

// FuzzName: understanding a name never panics, and what it is called is called so.
func FuzzName(f *testing.F) {
	for _, s := range []string{"userName", `emails[type eq "work"].value`, enterprise + "department", "urn:", "a[b", "x.y.z", `roles[type eq "\""].value`} {
		f.Add(s)
	}
	c, err := client.New("https://example.com", nil)
	require.NoError(f, err)
	d, err := client.NewDirectory(c, nil)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, s string) {
		got, err := d.Name(provisioning.User, s)
		if err != nil {
			return
		}
		if again, err := d.Name(provisioning.User, got); err != nil || again != got {
			t.Errorf("%q is called %q, which is called %q, error %v", s, got, again, err)
		}
	})
}

func TestLowerNamesAnAttribute(t *testing.T) {
	c, err := client.New("https://example.com", nil)
	require.NoError(t, err)
	if _, err := client.NewDirectory(c, &client.DirectoryOptions{Lower: []string{"userName", "displayName"}}); err != nil {
		t.Error(err)
	}
	if _, err := client.NewDirectory(c, &client.DirectoryOptions{Lower: []string{"usrName"}}); err == nil || !strings.Contains(err.Error(), "usrName") {
		t.Errorf("error %v; want one that names the mistake", err)
	}
}
