package scim_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/filter"
)

// What users of other SCIM libraries and products reported, by the number of the report, where PATCH and filters are concerned.
// Each is what a service provider of this package does instead. scim/server and scim/client have files of this name for
// the rest.

const jane = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"1","userName":"jane","name":{"givenName":"Jane","familyName":"Roe"},"active":true,
	"emails":[{"value":"jane@work.example","type":"work","primary":true},{"value":"jane@home.example","type":"home"}],
	"roles":[{"value":"r1"},{"value":"r2"},{"value":"r1","type":"x"}]}`

func TestPainsPatch(t *testing.T) {
	user, grp := scim.NewUserType(), scim.NewGroupType()
	const workEmail = `{"value":"jane@work.example","type":"work","primary":true}`
	const homeEmail = `{"value":"jane@home.example","type":"home"}`
	tests := []struct {
		name   string
		typ    *scim.ResourceType
		stored string
		ops    string
		path   string
		want   string
		same   bool // nothing changes
	}{
		{"elimity 171: a PATCH is applied, not only checked", user, jane, `[{"op":"replace","path":"title","value":"Dr"}]`, "title", `"Dr"`, false},
		{"elimity 105: a value path is valid", user, jane, `[{"op":"replace","path":"emails[type eq \"work\"].value","value":"new@work.example"}]`,
			"emails", `[{"value":"new@work.example","type":"work","primary":true},` + homeEmail + `]`, false},
		{"elimity 112: dotted names without a path", user, jane, `[{"op":"replace","value":{"name.familyName":"Doe"}}]`, "name", `{"givenName":"Jane","familyName":"Doe"}`, false},
		{"elimity 165: strings for booleans", user, jane, `[{"op":"replace","path":"active","value":"false"}]`, "active", `false`, false},
		{"elimity 104: numbers for strings", user, jane, `[{"op":"replace","path":"displayName","value":42}]`, "displayName", `"42"`, false},
		{"elimity 188: one value is added as one, not as a list in a list", user, jane, `[{"op":"add","path":"emails","value":{"value":"x@y.example"}}]`,
			"emails", `[` + workEmail + `,` + homeEmail + `,{"value":"x@y.example"}]`, false},
		{"imulab 67, 69: True with a capital", user, bare, `[{"op":"Add","path":"active","value":"True"}]`, "active", `true`, false},
		{"imulab 75: the manager as a string, by its URN", user, bare, `[{"op":"Add","path":"` + enterprise + `:manager","value":"26"}]`, enterprise, `{"manager":{"value":"26"}}`, false},
		{"SCIM-SDK 416: an add by a filter without match makes a value", user, bare, `[{"op":"Add","path":"phoneNumbers[type eq \"mobile\"].value","value":"1"}]`,
			"phoneNumbers", `[{"type":"mobile","value":"1"}]`, false},
		{"SCIM-SDK 680, 681: several such adds make one value", user, bare, `[{"op":"Add","path":"addresses[type eq \"work\"].locality","value":"A"},
			{"op":"Add","path":"addresses[type eq \"work\"].region","value":"B"},{"op":"Replace","path":"addresses[type eq \"work\"].postalCode","value":"C"}]`,
			"addresses", `[{"type":"work","locality":"A","region":"B","postalCode":"C"}]`, false},
		{"SCIM-SDK 664: True without a path", user, bare, `[{"op":"replace","value":{"active":"True"}}]`, "active", `true`, false},
		{"SCIM-SDK 541: a complex attribute as a simple value", user, bare, `[{"op":"add","value":{"` + enterprise + `:manager":"26"}}]`, enterprise, `{"manager":{"value":"26"}}`, false},
		{"SCIM-SDK 516: a value that is JSON in a string stays a string", user, bare, `[{"op":"Add","path":"roles","value":[{"value":"{\"id\":\"827f\",\"value\":\"admin\"}"}]}]`,
			"roles", `[{"value":"{\"id\":\"827f\",\"value\":\"admin\"}"}]`, false},
		{"SCIM-SDK 539: unknown attributes are ignored", user, bare, `[{"op":"replace","value":{"unknown":{"deep":[1]},"title":"Dr"}}]`, "title", `"Dr"`, false},
		{"SCIM-SDK 193: attributes of an extension without a path", user, bare, `[{"op":"add","value":{"` + enterprise + `:employeeNumber":"7","` + enterprise + `":{"costCenter":"c"}}}]`,
			enterprise, `{"employeeNumber":"7","costCenter":"c"}`, false},
		{"SCIM-SDK 201: replace whole values by a filter", user, jane, `[{"op":"replace","path":"emails[type eq \"home\"]","value":{"type":"home","value":"x@y.example"}}]`,
			"emails", `[` + workEmail + `,{"type":"home","value":"x@y.example"}]`, false},
		{"SCIM-SDK 327: SailPoint replaces what is absent", user, bare, `[{"op":"replace","path":"name.familyName","value":"Doe"}]`, "name", `{"familyName":"Doe"}`, false},
		{"SCIM-SDK 757: Okta replaces all members with none", grp, group, `[{"op":"replace","path":"members","value":[]}]`, "members", ``, false},
		{"SCIM-SDK 419: Okta's members have no type", grp, group, `[{"op":"add","path":"members","value":[{"value":"9","display":"Nine"}]}]`,
			"members", `[{"value":"1","display":"One","type":"User"},{"value":"2","type":"User"},{"value":"3"},{"value":"9"}]`, false},
		{"scim-for-keycloak 119: a boolean in a value as a string", user, bare, `[{"op":"Add","path":"emails","value":[{"value":"x@y.example","primary":"True"}]}]`,
			"emails", `[{"value":"x@y.example","primary":true}]`, false},
		{"Ping 135: add with a filter in the path", user, jane, `[{"op":"add","path":"emails[type eq \"home\"].display","value":"Home"}]`,
			"emails", `[` + workEmail + `,{"value":"jane@home.example","type":"home","display":"Home"}]`, false},
		{"scimple 725, 726: a replace of part of a complex attribute leaves the rest", user, jane, `[{"op":"replace","path":"name","value":{"familyName":"Doe"}}]`,
			"name", `{"givenName":"Jane","familyName":"Doe"}`, false},
		{"scimple 704: a dot after a URN", user, bare, `[{"op":"add","path":"` + enterprise + `:manager.value","value":"26"}]`, enterprise, `{"manager":{"value":"26"}}`, false},
		{"SCIMMY 95: a sub-attribute of a value that is not there", user, bare, `[{"op":"add","path":"emails[type eq \"work\"].value","value":"x@y.example"}]`,
			"emails", `[{"type":"work","value":"x@y.example"}]`, false},
		{"SCIMMY 51: False in a string", user, jane, `[{"op":"Replace","path":"active","value":"False"}]`, "active", `false`, false},
		{"scim-patch 872: FALSE in capitals", user, jane, `[{"op":"replace","path":"active","value":"FALSE"}]`, "active", `false`, false},
		{"scim-patch 132: dotted names in an add", user, bare, `[{"op":"add","value":{"name.givenName":"J","name.familyName":"D"}}]`, "name", `{"givenName":"J","familyName":"D"}`, false},
		{"scim-patch 503: all that match are changed, not the first only", user, jane, `[{"op":"replace","path":"roles[value eq \"r1\"].display","value":"One"}]`,
			"roles", `[{"value":"r1","display":"One"},{"value":"r2"},{"value":"r1","type":"x","display":"One"}]`, false},
		{"scim-patch 19, 42: the dots of a URN separate nothing", user, bare, `[{"op":"add","path":"urn:ietf:params:scim:schemas:core:2.0:User:name.givenName","value":"J"}]`, "name", `{"givenName":"J"}`, false},
		{"SCIMReferenceCode 10: the removal of one member leaves the others", grp, group, `[{"op":"Remove","path":"members","value":[{"value":"1"}]}]`,
			"members", `[{"value":"2","type":"User"},{"value":"3"}]`, false},
		{"SCIMReferenceCode 10: a member is added but once", grp, group, `[{"op":"Add","path":"members","value":[{"value":"4"},{"value":"4"}]},{"op":"Add","path":"members","value":[{"value":"4"}]}]`,
			"members", `[{"value":"1","display":"One","type":"User"},{"value":"2","type":"User"},{"value":"3"},{"value":"4"}]`, false},
		{"SCIMReferenceCode 21: True in a string", user, bare, `[{"op":"Replace","path":"active","value":"True"}]`, "active", `true`, false},
		{"SCIMReferenceCode 58: null for members", grp, group, `[{"op":"replace","value":{"displayName":"x","members":null}}]`, "displayName", `"x"`, false},
		{"scim2-server 13: Entra's PATCH of August 2025", user, jane, `[{"op":"Replace","path":"emails[type eq \"work\"].value","value":"n@work.example"},{"op":"Add","path":"` + enterprise + `:department","value":"IT"},{"op":"Replace","value":{"name.givenName":"J","displayName":"J D"}}]`,
			"emails", `[{"value":"n@work.example","type":"work","primary":true},` + homeEmail + `]`, false},
		{"keycloak 51935: a filter on values that are simple", simple, `{"schemas":["urn:simple"],"tags":["a","b","c"]}`, `[{"op":"remove","path":"tags[value eq \"b\"]"}]`, "tags", `["a","c"]`, false},
		{"authentik 24173, 25686: a member is removed by a filter", grp, group, `[{"op":"remove","path":"members[value eq \"2\"]"}]`, "members", `[{"value":"1","display":"One","type":"User"},{"value":"3"}]`, false},
		{"authentik 23950: the id in a PATCH", grp, group, `[{"op":"replace","value":{"id":"g","displayName":"x"}}]`, "displayName", `"x"`, false},
		{"rancher 54871, 54896: core attributes with their URN", user, bare, `[{"op":"replace","value":{"urn:ietf:params:scim:schemas:core:2.0:User:active":false}}]`, "active", `false`, false},
		{"rancher 54024: the userName changes", user, jane, `[{"op":"replace","path":"userName","value":"jane.doe"}]`, "userName", `"jane.doe"`, false},
		{"langwatch 7131, 7136: a replace that has no members leaves them", grp, group, `[{"op":"replace","value":{"displayName":"x"}}]`, "members", `[{"value":"1","display":"One","type":"User"},{"value":"2","type":"User"},{"value":"3"}]`, false},
		{"sourcegraph 49200: a replace is no add", user, jane, `[{"op":"replace","path":"emails","value":[{"value":"x@y.example"}]}]`, "emails", `[{"value":"x@y.example"}]`, false},
		{"sourcegraph 62185: the display of a mail address, and primary as a string", user, jane, `[{"op":"Replace","path":"emails[primary eq \"True\"].display","value":"W"}]`,
			"emails", `[{"value":"jane@work.example","type":"work","primary":true,"display":"W"},` + homeEmail + `]`, false},
		{"scimitar 43: members are removed by value", grp, group, `[{"op":"remove","path":"members","value":[{"value":"1"},{"value":"3"}]}]`, "members", `[{"value":"2","type":"User"}]`, false},
		{"Metatavu 35, 40: emails[type].value", user, bare, `[{"op":"Add","path":"emails[type eq \"work\"].value","value":"x@y.example"}]`, "emails", `[{"type":"work","value":"x@y.example"}]`, false},
		{"Infisical 2138: JumpCloud adds again whom it added", grp, group, `[{"op":"add","path":"members","value":[{"value":"1"}]}]`, "members", `[{"value":"1","display":"One","type":"User"},{"value":"2","type":"User"},{"value":"3"}]`, true},
		{"azure-docs 30826: Entra removes members by value", grp, group, `[{"op":"Remove","path":"members","value":[{"$ref":null,"value":"3"}]}]`, "members", `[{"value":"1","display":"One","type":"User"},{"value":"2","type":"User"}]`, false},
		{"supabase: a removal that has a value never removes all", grp, group, `[{"op":"remove","path":"members","value":[{"value":"nobody"}]}]`, "members", `[{"value":"1","display":"One","type":"User"},{"value":"2","type":"User"},{"value":"3"}]`, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, changed, err := patched(t, tt.typ, tt.stored, tt.ops, nil)
			require.NoError(t, err)
			if diff := cmp.Diff(tt.want, member(t, got, tt.path)); diff != "" || changed == tt.same {
				t.Errorf("changed %v, %s (-want +got):\n%s", changed, tt.path, diff)
			}
		})
	}
}

var simple = scim.MustResourceType(scim.ResourceTypeDefinition{Name: "Simple", Endpoint: "/Simples", Schema: &scim.Schema{ID: "urn:simple", Attributes: []*scim.Attribute{
	{Name: "tags", MultiValued: true, CaseExact: true}, {Name: "size", Type: scim.Decimal}, {Name: "rank", Type: scim.Integer},
}}})

// What others refused, or took for something else, and must be refused.
func TestPainsPatchErrors(t *testing.T) {
	user := scim.NewUserType()
	for _, tt := range []struct {
		name, ops string
		strict    bool
		want      error
	}{
		{"imulab 57: only the message needs schemas, and not strictly", `[{"op":"replace","path":"title","value":"Dr"}]`, false, nil},
		{"scim-patch 74: no target, where the filter says more than one value", `[{"op":"replace","path":"emails[type ne \"work\" and value sw \"z\"].value","value":"x"}]`, false, scim.ErrNoTarget},
		{"scim-patch 74: no target, where a type is replaced that nobody knows", `[{"op":"replace","path":"emails[type eq \"nonexistent\"].value","value":"x"}]`, false, scim.ErrNoTarget},
		{"SCIMMY 95: but one is added", `[{"op":"add","path":"emails[type eq \"nonexistent\"].value","value":"x"}]`, false, nil},
		{"SCIMMY 95: and one that is known is replaced, in whatever case", `[{"op":"replace","path":"emails[type eq \"OTHER\"].value","value":"x"},{"op":"replace","path":"roles[type eq \"any\"].value","value":"x"}]`, false, nil},
		{"scim-patch 74: no target, strictly", `[{"op":"replace","path":"emails[type eq \"other\"].value","value":"x"}]`, true, scim.ErrNoTarget},
		{"scim-patch: a name like __proto__ is a name", `[{"op":"add","value":{"__proto__":{"admin":true}}},{"op":"add","path":"constructor.prototype","value":1}]`, true, scim.ErrInvalidSyntax},
		{"supabase: strictly, a removal with a value is refused rather than removing all", `[{"op":"remove","path":"emails","value":[{"value":"jane@home.example"}]}]`, true, scim.ErrInvalidValue},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := &scim.Options{}
			if tt.strict {
				o.Dialect = scim.Strict
			}
			got, _, err := patched(t, user, jane, tt.ops, o)
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if err != nil && got != nil && got.ID() != "1" {
				t.Error("a PATCH that failed gave another resource")
			}
		})
	}
	if _, err := scim.DecodePatch([]byte(`{"Operations":[{"op":"replace","value":{"active":false}}]}`), nil); err != nil {
		t.Errorf("imulab 57: %v", err)
	}
}

func TestPainsFilter(t *testing.T) {
	user := scim.NewUserType()
	const full = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","` + enterprise + `"],"id":"1","userName":"Jane","active":true,"nickName":"caf\u00e9",
		"emails":[{"value":"jane@work.example","type":"work","primary":true}],"roles":[{"value":"admin","primary":true}],"` + enterprise + `":{"employeeNumber":"7","manager":{"value":"26"}}}`
	tests := []struct {
		name, filter string
		want         bool
	}{
		{"elimity 150: a sub-attribute of a value path", `emails[type eq "work"].value eq "jane@work.example"`, true},
		{"elimity 150: a sub-attribute of a value path, of another", `emails[type eq "home"].value eq "jane@work.example"`, false},
		{"elimity: a complex attribute stands for its value, without a panic", `emails eq "jane@work.example"`, true},
		{"elimity: emails.value looks at every value", `emails.value eq "jane@work.example"`, true},
		{"elimity: an extension and the core in one filter", enterprise + `:employeeNumber eq "7" and userName eq "jane"`, true},
		{"filter-parser 13: operators in any case", `userName EQ "jane" AND active Eq true`, true},
		{"filter-parser 18: brackets bind first", `(userName eq "x" or userName eq "jane") and active eq false`, false},
		{"filter-parser: not in a value path", `emails[not (type eq "home")]`, true},
		{"filter-parser: escapes in lower case", `nickName eq "caf\u00e9"`, true},
		{"SCIM-SDK 355: names in any case", `USERNAME eq "JANE"`, true},
		{"SCIM-SDK 891: a large number is compared whole", `id eq "1" and userName ne "9007199254740993"`, true},
		{"Ping 56: not with brackets", `not (userName eq "x")`, true},
		{"scimple 1213: a boolean as a string", `roles[primary EQ "True"]`, true},
		{"scimple: no silent miss by an implicit value", `roles co "dmi"`, true},
		{"scimple: case does not count where the schema says so", `userName sw "JA" and emails.value ew "EXAMPLE"`, true},
		{"parse-filter 96: a sub-attribute after a value path", `roles[primary eq true].value eq "admin"`, true},
		{"parse-filter 115: operators in capitals", `userName PR`, true},
		{"scimitar 116: a URN in a filter", enterprise + `:manager.value eq "26"`, true},
		{"scimitar 116: the URN of the core", `urn:ietf:params:scim:schemas:core:2.0:User:userName eq "jane"`, true},
		{"Metatavu 35: Entra's form on a value that is not there", `phoneNumbers[type eq "work"].value eq "1"`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := user.ParseFilter(tt.filter, nil)
			require.NoError(t, err)
			if got := f.Match(resource(t, full)); got != tt.want {
				t.Errorf("%s matches: %v", tt.filter, got)
			}
			// filter-parser 18: what is written of a filter means the same.
			written, err := filter.Format(f.Expression())
			require.NoError(t, err)
			again, err := user.ParseFilter(written, nil)
			require.NoError(t, err)
			if again.Match(resource(t, full)) != tt.want {
				t.Errorf("%s is written as %s, which means something else", tt.filter, written)
			}
		})
	}
	for name, s := range map[string]string{
		"SCIMMY: a boolean has no order":             `active gt true`,
		"SCIMMY: an unknown attribute is told":       `nothing eq "x"`,
		"filter-parser: a nest without end":          strings.Repeat("(", 100_000),
		"filter-parser: not and brackets, 10,000":    strings.Repeat("not (", 10_000) + "id pr" + strings.Repeat(")", 10_000),
		"supabase: a secret cannot be asked about":   `password sw "s"`,
		"SCIMMY: text that is no filter is no 500":   `emails[`,
		"elimity: an unknown operator":               `userName regex "x"`,
		"elimity: a value filter that is left open":  `emails[type eq "work"`,
		"elimity: a complex attribute with no value": `name eq "x"`,
	} {
		if _, err := user.ParseFilter(s, nil); !errors.Is(err, scim.ErrInvalidFilter) {
			t.Errorf("%s: %.40s gives %v", name, s, err)
		}
	}
}

// SCIM-SDK 891: numbers keep their digits; filter-parser: integers that are too large do not turn over.
func TestPainsNumbers(t *testing.T) {
	r := resource(t, `{"schemas":["urn:simple"],"id":"1","size":1.10,"rank":18446744073709551616}`)
	require.NoError(t, simple.Normalize(r, nil))
	if got := text(t, r); !strings.Contains(got, "1.10") || !strings.Contains(got, "18446744073709551616") {
		t.Errorf("numbers changed: %s", got)
	}
	for s, want := range map[string]bool{`rank eq 18446744073709551616`: true, `rank gt 18446744073709551615`: true, `rank eq 0`: false, `size eq 1.1`: true, `rank lt 1e400`: true} {
		f, err := simple.ParseFilter(s, nil)
		require.NoError(t, err)
		if f.Match(r) != want {
			t.Errorf("%s: %v", s, !want)
		}
	}
}

// SCIMMY 37 and 55: what is excluded takes nothing else with it, and a value filter among the attributes is understood.
func TestPainsProjection(t *testing.T) {
	user := scim.NewUserType()
	r := resource(t, jensen)
	for _, tt := range []struct {
		name                 string
		attributes, excluded []string
		has, lacks           string
	}{
		{"SCIMMY 37: extensions stay", nil, []string{"displayName"}, `"department":"Sales"`, ""},
		{"SCIMMY 37: one attribute of an extension", nil, []string{enterprise + ":department"}, `"manager"`, `"department"`},
		{"SCIMMY: schemas are always there", []string{"userName"}, nil, `"schemas"`, `"emails"`},
		{"SCIMMY 55: attributes with a value filter", []string{`emails[type eq "work"]`}, nil, `"emails"`, `"userName"`},
		{"SCIMMY 55: and a sub-attribute", []string{`emails[type eq "work"].value`}, nil, `"value":"b@work.example"`, `"primary"`},
		{"scimitar 116: an attribute of an extension", []string{enterprise + ":department"}, nil, `"department"`, `"manager"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := user.Projection(tt.attributes, tt.excluded, nil)
			require.NoError(t, err)
			got := text(t, p.Apply(r))
			if !strings.Contains(got, tt.has) || tt.lacks != "" && strings.Contains(got, tt.lacks) || !strings.Contains(got, `"id":"1"`) {
				t.Errorf("got %s", got)
			}
		})
	}
}

// elimity 161: what is required and readOnly is for the service provider to give, so a client need not send it, and cannot.
func TestPainRequiredReadOnly(t *testing.T) {
	typ := scim.MustResourceType(scim.ResourceTypeDefinition{Name: "Badge", Endpoint: "/Badges", Schema: &scim.Schema{ID: "urn:badge", Attributes: []*scim.Attribute{
		{Name: "number", Required: true, Mutability: scim.ReadOnly}, {Name: "holder", Required: true},
	}}})
	r, err := typ.Decode([]byte(`{"schemas":["urn:badge"],"holder":"jane","number":"mine"}`), nil)
	require.NoError(t, err)
	if err := typ.CheckCreate(r, nil); err != nil || r.Has("number") {
		t.Errorf("error %v, number %q", err, r.GetString("number"))
	}
	r.Delete("holder")
	if err := typ.CheckCreate(r, nil); !errors.Is(err, scim.ErrInvalidValue) {
		t.Errorf("without what is required and writable: %v", err)
	}
}
