package scim_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ilumy/usersync/scim"
)

// errOther says that the strict dialect takes a request to the letter, with another effect.
var errOther = errors.New("another effect")

// TestPatchRows has a row for each form of a PATCH that libraries for SCIM are compared by, and that identity providers send:
// what it does in the tolerant dialect, and whether the strict one refuses it.
func TestPatchRows(t *testing.T) {
	user, grp := scim.NewUserType(), scim.NewGroupType()
	const ent = scim.EnterpriseUserSchema
	type request struct {
		typ         *scim.ResourceType
		stored, ops string
		path, want  string // in the tolerant dialect; "" is absent
		err         error  // in the tolerant dialect
		strict      error  // in the strict dialect; nil takes it with the same effect
	}
	const two = `[{"value":"2","type":"User"},{"value":"3"}]`
	const all = `[{"value":"1","display":"One","type":"User"},{"value":"2","type":"User"},{"value":"3"}]`
	tests := []struct {
		row      string
		requests []request
	}{
		{"capitalised op (Entra ID)", []request{
			{user, jensen, `[{"op":"Add","path":"title","value":"Dr"}]`, "title", `"Dr"`, nil, nil},
			{user, jensen, `[{"op":"REPLACE","path":"title","value":"Dr"}]`, "title", `"Dr"`, nil, nil},
			{user, jensen, `[{"op":"Remove","path":"name.givenName"}]`, "name", `{"familyName":"Jensen"}`, nil, nil},
		}},
		{"boolean as string (Entra ID)", []request{
			{user, jensen, `[{"op":"Replace","path":"active","value":"False"}]`, "active", `false`, nil, scim.ErrInvalidValue},
			{user, jensen, `[{"op":"replace","value":{"active":"false"}}]`, "active", `false`, nil, scim.ErrInvalidValue},
			{user, jensen, `[{"op":"replace","path":"active","value":[{"value":"False"}]}]`, "active", `false`, nil, scim.ErrInvalidValue},
			{user, jensen, `[{"op":"replace","path":"emails[type eq \"home\"].primary","value":"True"}]`, "emails", `[{"value":"b@work.example","type":"work","primary":false},{"value":"b@home.example","type":"home","primary":true}]`, nil, scim.ErrInvalidValue},
			{user, jensen, `[{"op":"replace","path":"active","value":"no"}]`, "", ``, scim.ErrInvalidValue, scim.ErrInvalidValue},
		}},
		{"remove with a list of values (Entra ID, JumpCloud)", []request{
			{grp, group, `[{"op":"Remove","path":"members","value":[{"value":"1"}]}]`, "members", two, nil, scim.ErrInvalidValue},
			{grp, group, `[{"op":"Remove","path":"members","value":[{"$ref":null,"value":"1"},{"$ref":null,"value":"9"}]}]`, "members", two, nil, scim.ErrInvalidValue},
			{grp, group, `[{"op":"Remove","path":"members","value":{"value":"1"}}]`, "members", two, nil, scim.ErrInvalidValue},
			{grp, group, `[{"op":"Remove","path":"members","value":["1"]}]`, "members", two, nil, scim.ErrInvalidValue},
			{grp, group, `[{"op":"Remove","path":"members","value":"1"}]`, "members", two, nil, scim.ErrInvalidValue},
			{grp, group, `[{"op":"remove","path":"members","value":[]}]`, "members", all, nil, scim.ErrInvalidValue},
			{grp, group, `[{"op":"remove","path":"members","value":{}}]`, "members", all, nil, scim.ErrInvalidValue},
			{grp, group, `[{"op":"remove","path":"members","value":[{"display":"Nobody"}]}]`, "members", all, nil, scim.ErrInvalidValue},
			{grp, group, `[{"op":"remove","path":"members","value":""}]`, "members", all, nil, scim.ErrInvalidValue},
			{grp, group, `[{"op":"remove","path":"members","value":[null]}]`, "members", all, nil, scim.ErrInvalidValue},
			{user, jensen, `[{"op":"Remove","path":"emails","value":[{"value":"B@HOME.example"}]}]`, "emails", `[{"value":"b@work.example","type":"work","primary":true}]`, nil, scim.ErrInvalidValue},
		}},
		{"remove without a value is all of them (RFC 7644)", []request{
			{grp, group, `[{"op":"remove","path":"members"}]`, "members", ``, nil, nil},
			{grp, group, `[{"op":"remove","path":"members","value":null}]`, "members", ``, nil, nil},
		}},
		{"remove with the values in their attribute (Ping)", []request{
			{grp, group, `[{"op":"remove","path":"members","value":{"members":[{"value":"1"}]}}]`, "members", two, nil, scim.ErrInvalidValue},
			{grp, group, `[{"op":"remove","path":"members","value":{"MEMBERS":[]}}]`, "members", all, nil, scim.ErrInvalidValue},
			{grp, group, `[{"op":"add","path":"members","value":{"members":[{"value":"4"}]}},{"op":"remove","path":"members[value eq \"1\"]"}]`, "members", `[{"value":"2","type":"User"},{"value":"3"},{"value":"4"}]`, nil, scim.ErrInvalidSyntax},
		}},
		{"a value filter without match makes the value (Entra ID)", []request{
			{user, bare, `[{"op":"Add","path":"emails[type eq \"work\"].value","value":"x"}]`, "emails", `[{"type":"work","value":"x"}]`, nil, scim.ErrNoTarget},
			{user, bare, `[{"op":"Replace","path":"emails[type eq \"work\"].value","value":"x"}]`, "emails", `[{"type":"work","value":"x"}]`, nil, scim.ErrNoTarget},
			{user, bare, `[{"op":"Add","path":"emails[type eq \"other\"].Value","value":"x"}]`, "emails", `[{"type":"other","value":"x"}]`, nil, scim.ErrNoTarget},
			{user, bare, `[{"op":"Add","path":"roles[primary eq \"True\"].value","value":"admin"}]`, "roles", `[{"primary":true,"value":"admin"}]`, nil, scim.ErrInvalidFilter},
			{user, bare, `[{"op":"add","path":"emails[type eq \"work\" and primary eq true].value","value":"x"}]`, "emails", `[{"type":"work","primary":true,"value":"x"}]`, nil, scim.ErrNoTarget},
			{user, jensen, `[{"op":"replace","path":"emails[value co \"nobody\"].type","value":"x"}]`, "", ``, scim.ErrNoTarget, scim.ErrNoTarget},
			{user, jensen, `[{"op":"replace","path":"emails[type eq \"a\" or type eq \"b\"].value","value":"x"}]`, "", ``, scim.ErrNoTarget, scim.ErrNoTarget},
			{user, jensen, `[{"op":"replace","path":"emails[not (type eq \"work\" or type eq \"home\")].value","value":"x"}]`, "", ``, scim.ErrNoTarget, scim.ErrNoTarget},
		}},
		{"several operations on one filter make one value (Entra ID)", []request{
			{user, bare, `[{"op":"Add","path":"addresses[type eq \"work\"].streetAddress","value":"s"},{"op":"Add","path":"addresses[type eq \"work\"].locality","value":"l"},{"op":"Replace","path":"addresses[type eq \"work\"].country","value":"NL"}]`,
				"addresses", `[{"type":"work","streetAddress":"s","locality":"l","country":"NL"}]`, nil, scim.ErrNoTarget},
			{user, bare, `[{"op":"add","value":{"addresses[type eq \"work\"].streetAddress":"s","addresses[type eq \"work\"].locality":"l"}}]`, "addresses", `[{"type":"work","streetAddress":"s","locality":"l"}]`, nil, scim.ErrInvalidSyntax},
		}},
		{"a dotted path as name (Entra ID)", []request{
			{user, jensen, `[{"op":"replace","value":{"name.givenName":"B","NAME.familyName":"J"}}]`, "name", `{"givenName":"B","familyName":"J"}`, nil, scim.ErrInvalidSyntax},
			{user, bare, `[{"op":"Add","value":{"name.givenName":"B","displayName":"D"}}]`, "displayName", `"D"`, nil, scim.ErrInvalidSyntax},
			{user, bare, `[{"op":"Add","value":{"emails[type eq \"work\"].value":"x","phoneNumbers[type eq \"mobile\"].value":"1"}}]`, "phoneNumbers", `[{"type":"mobile","value":"1"}]`, nil, scim.ErrInvalidSyntax},
		}},
		{"a URN path as name (Entra ID)", []request{
			{user, jensen, `[{"op":"replace","value":{"` + ent + `:department":"IT"}}]`, ent, `{"department":"IT","manager":{"value":"26","displayName":"Jo"}}`, nil, scim.ErrInvalidSyntax},
			{user, bare, `[{"op":"add","value":{"` + ent + `:manager":"27"}}]`, ent, `{"manager":{"value":"27"}}`, nil, scim.ErrInvalidSyntax},
			{user, jensen, `[{"op":"replace","value":{"` + ent + `":{"department":"IT"}}}]`, ent, `{"department":"IT","manager":{"value":"26","displayName":"Jo"}}`, nil, nil},
			{user, jensen, `[{"op":"replace","value":{"` + scim.UserSchema + `:title":"Dr"}}]`, "title", `"Dr"`, nil, scim.ErrInvalidSyntax},
		}},
		{"manager as string, list, empty (Entra ID)", []request{
			{user, jensen, `[{"op":"Replace","path":"` + ent + `:manager","value":"27"}]`, ent, `{"department":"Sales","manager":{"value":"27"}}`, nil, scim.ErrInvalidValue},
			{user, jensen, `[{"op":"Add","path":"` + ent + `:manager","value":[{"value":"27","$ref":"../Users/27"}]}]`, ent, `{"department":"Sales","manager":{"value":"27","$ref":"../Users/27"}}`, nil, scim.ErrInvalidValue},
			{user, jensen, `[{"op":"Add","path":"` + ent + `:manager","value":["27"]}]`, ent, `{"department":"Sales","manager":{"value":"27"}}`, nil, scim.ErrInvalidValue},
			{user, jensen, `[{"op":"Replace","path":"` + ent + `:manager","value":""}]`, ent, `{"department":"Sales"}`, nil, scim.ErrInvalidValue},
			{user, jensen, `[{"op":"Replace","path":"` + ent + `:manager","value":[]}]`, ent, `{"department":"Sales"}`, nil, scim.ErrInvalidValue},
			{user, jensen, `[{"op":"Remove","path":"` + ent + `:manager"}]`, ent, `{"department":"Sales"}`, nil, nil},
			{user, jensen, `[{"op":"Remove","path":"` + ent + `:manager","value":"26"}]`, ent, `{"department":"Sales"}`, nil, scim.ErrInvalidValue},
		}},
		{"a value filter on the manager, who is one (Entra ID)", []request{
			{user, jensen, `[{"op":"Remove","path":"` + ent + `:manager[value eq \"26\"]"}]`, ent, `{"department":"Sales"}`, nil, scim.ErrInvalidPath},
			{user, jensen, `[{"op":"Remove","path":"` + ent + `:manager[value eq \"27\"]"},{"op":"Add","path":"title","value":"Dr"}]`, ent, `{"department":"Sales","manager":{"value":"26","displayName":"Jo"}}`, nil, scim.ErrInvalidPath},
			{user, bare, `[{"op":"Remove","path":"` + ent + `:manager[value eq \"26\"]"}]`, ent, ``, nil, scim.ErrInvalidPath},
			{user, jensen, `[{"op":"Replace","path":"` + ent + `:manager[value eq \"26\"]","value":"27"}]`, ent, `{"department":"Sales","manager":{"value":"27"}}`, nil, scim.ErrInvalidPath},
			{user, jensen, `[{"op":"Replace","path":"` + ent + `:manager[value eq \"26\"].value","value":"27"}]`, ent, `{"department":"Sales","manager":{"value":"27"}}`, nil, scim.ErrInvalidPath},
			{user, jensen, `[{"op":"Replace","path":"` + ent + `:manager[value eq \"9\"].value","value":"27"}]`, "", ``, scim.ErrNoTarget, scim.ErrInvalidPath},
			{user, jensen, `[{"op":"Remove","path":"name[givenName eq \"barbara\"].familyName"}]`, "name", `{"givenName":"Barbara"}`, nil, scim.ErrInvalidPath},
			{user, jensen, `[{"op":"Remove","path":"userName[value eq \"bjensen\"]"}]`, "", ``, scim.ErrInvalidPath, scim.ErrInvalidPath},
			{user, jensen, `[{"op":"Remove","path":"` + ent + `[department eq \"Sales\"]"}]`, "", ``, scim.ErrInvalidPath, scim.ErrInvalidPath},
		}},
		{"what is unknown is ignored, the rest applied", []request{
			{user, jensen, `[{"op":"add","path":"urn:example:2.0:User:shoe","value":"44"},{"op":"add","path":"title","value":"Dr"}]`, "title", `"Dr"`, nil, scim.ErrInvalidPath},
			{user, jensen, `[{"op":"add","path":"` + ent + `:shoe","value":"44"},{"op":"add","path":"title","value":"Dr"}]`, "title", `"Dr"`, nil, scim.ErrInvalidPath},
			{user, jensen, `[{"op":"add","value":{"shoe":44,"title":"Dr"}}]`, "title", `"Dr"`, nil, scim.ErrInvalidSyntax},
			{user, jensen, `[{"op":"add","value":{"` + ent + `":{"shoe":44,"department":"IT"}}}]`, ent, `{"department":"IT","manager":{"value":"26","displayName":"Jo"}}`, nil, scim.ErrInvalidSyntax},
			{user, jensen, `[{"op":"remove","path":"shoes[size eq 44]"},{"op":"add","path":"title","value":"Dr"}]`, "title", `"Dr"`, nil, scim.ErrInvalidPath},
		}},
		{"id and meta sent along (Okta)", []request{
			{grp, group, `[{"op":"replace","value":{"id":"g","displayName":"New"}}]`, "displayName", `"New"`, nil, scim.ErrMutability},
			{grp, group, `[{"op":"replace","value":{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"New"}}]`, "displayName", `"New"`, nil, nil},
			{user, jensen, `[{"op":"replace","value":{"meta":{"version":"x"},"groups":[{"value":"1"}],"title":"Dr"}}]`, "title", `"Dr"`, nil, scim.ErrMutability},
			{user, jensen, `[{"op":"replace","path":"id","value":"2"}]`, "", ``, scim.ErrMutability, scim.ErrMutability},
		}},
		{"members replaced by none (Okta)", []request{
			{grp, group, `[{"op":"replace","path":"members","value":[]}]`, "members", ``, nil, nil},
			{grp, group, `[{"op":"replace","value":{"members":[]}}]`, "members", ``, nil, nil},
			{grp, group, `[{"op":"replace","value":{"displayName":"x"}}]`, "members", all, nil, nil},
		}},
		{"what says nothing never empties a group", []request{
			{grp, group, `[{"op":"add","path":"members","value":null}]`, "members", all, nil, scim.ErrInvalidValue},
			{grp, group, `[{"op":"add","value":{"members":null,"displayName":"x"}}]`, "members", all, nil, scim.ErrInvalidValue},
			{grp, group, `[{"op":"add","path":"members","value":[]}]`, "members", all, nil, nil},
			{grp, group, `[{"op":"add","path":"members","value":[null,{"value":null}]}]`, "members", all, nil, nil},
			{grp, group, `[{"op":"add","path":"members","value":[{"value":""},{"value":"4"}]}]`, "members", all[:len(all)-1] + `,{"value":"4"}]`, nil, scim.ErrInvalidValue},
			{grp, group, `[{"op":"replace","path":"members","value":[null]}]`, "", ``, scim.ErrInvalidValue, scim.ErrInvalidValue},
			{grp, group, `[{"op":"replace","path":"members","value":[{"value":null}]}]`, "", ``, scim.ErrInvalidValue, scim.ErrInvalidValue},
			{grp, group, `[{"op":"replace","path":"members","value":[{"value":""}]}]`, "", ``, scim.ErrInvalidValue, scim.ErrInvalidValue},
			{grp, group, `[{"op":"replace","path":"members","value":{}}]`, "", ``, scim.ErrInvalidValue, scim.ErrInvalidValue},
			{grp, group, `[{"op":"replace","path":"members","value":""}]`, "", ``, scim.ErrInvalidValue, scim.ErrInvalidValue},
			{grp, group, `[{"op":"replace","value":{"members":[{"type":"User"}]}}]`, "", ``, scim.ErrInvalidValue, scim.ErrInvalidValue},
		}},
		{"an empty value clears what it is the value of (Entra ID)", []request{
			{user, jensen, `[{"op":"replace","path":"emails[type eq \"work\"].value","value":""}]`, "emails", `[{"value":"b@home.example","type":"home"}]`, nil, errOther},
			{user, bare, `[{"op":"add","path":"emails[type eq \"work\"].value","value":""}]`, "emails", ``, nil, scim.ErrNoTarget},
			{user, jensen, `[{"op":"replace","path":"emails","value":[{"value":"","type":"work"},{"value":"x","type":"home"}]}]`, "emails", `[{"value":"x","type":"home"}]`, nil, errOther},
			{user, jensen, `[{"op":"replace","path":"` + ent + `:manager","value":{"value":""}}]`, ent, `{"department":"Sales"}`, nil, errOther},
			{user, jensen, `[{"op":"replace","path":"` + ent + `:manager.value","value":""}]`, ent, `{"department":"Sales"}`, nil, errOther},
		}},
		{"the URN of the schema as name or path", []request{
			{user, jensen, `[{"op":"replace","value":{"` + scim.UserSchema + `":{"title":"Dr","active":"False"}}}]`, "title", `"Dr"`, nil, scim.ErrInvalidSyntax},
			{user, jensen, `[{"op":"replace","path":"` + scim.UserSchema + `","value":{"title":"Dr"}}]`, "title", `"Dr"`, nil, scim.ErrInvalidPath},
			{user, jensen, `[{"op":"remove","path":"` + scim.UserSchema + `"}]`, "", ``, scim.ErrInvalidPath, scim.ErrInvalidPath},
			{user, jensen, `[{"op":"add","value":{"` + ent + `":{"manager.value":"27","costCenter":"1"}}}]`, ent, `{"department":"Sales","manager":{"value":"27"},"costCenter":"1"}`, nil, scim.ErrInvalidSyntax},
		}},
		{"a single value in a list of objects (an old library for Entra ID)", []request{
			{user, bare, `[{"op":"Replace","path":"displayName","value":[{"$ref":null,"value":"User x"}]}]`, "displayName", `"User x"`, nil, scim.ErrInvalidValue},
		}},
		{"what the validator of Entra ID sends", []request{
			{user, jensen, `[{"op":"replace","path":"emails[type eq \"work\"].value","value":"a"},{"op":"add","path":"emails[type eq \"other\"].value","value":"o"},{"op":"add","path":"emails[type eq \"work\"].primary","value":false},
				{"op":"replace","path":"emails[type eq \"home\"].primary","value":true},{"op":"replace","path":"emails[type eq \"other\"].display","value":"d"}]`, "emails",
				`[{"value":"a","type":"work","primary":false},{"value":"b@home.example","type":"home","primary":true},{"type":"other","value":"o","display":"d"}]`, nil, scim.ErrNoTarget},
		}},
		{"members added again (JumpCloud)", []request{
			{grp, group, `[{"op":"Add","path":"members","value":[{"value":"1"},{"value":"4"},{"value":"4"}]}]`, "members", all[:len(all)-1] + `,{"value":"4"}]`, nil, nil},
			{grp, group, `[{"op":"add","path":"members","value":{"value":"4"}}]`, "members", all[:len(all)-1] + `,{"value":"4"}]`, nil, nil},
		}},
		{"a complex attribute that is absent (SailPoint)", []request{
			{user, bare, `[{"op":"replace","path":"name","value":{"givenName":"B"}}]`, "name", `{"givenName":"B"}`, nil, nil},
			{user, bare, `[{"op":"replace","path":"name.givenName","value":"B"}]`, "name", `{"givenName":"B"}`, nil, nil},
			{user, bare, `[{"op":"replace","path":"` + ent + `:department","value":"IT"}]`, ent, `{"department":"IT"}`, nil, nil},
		}},
		{"a complex attribute replaced in part", []request{
			{user, jensen, `[{"op":"replace","path":"name","value":{"givenName":"B"}}]`, "name", `{"givenName":"B","familyName":"Jensen"}`, nil, nil},
			{user, jensen, `[{"op":"replace","value":{"name":{"givenName":"B"}}}]`, "name", `{"givenName":"B","familyName":"Jensen"}`, nil, nil},
		}},
		{"names in another case", []request{
			{user, jensen, `[{"op":"replace","path":"DISPLAYNAME","value":"x"}]`, "displayName", `"x"`, nil, nil},
			{user, jensen, `[{"op":"replace","path":"Emails[TYPE Eq \"WORK\"].VALUE","value":"x"}]`, "emails", `[{"value":"x","type":"work","primary":true},{"value":"b@home.example","type":"home"}]`, nil, nil},
			{user, jensen, `[{"OP":"replace","Path":"title","VALUE":"x"}]`, "title", `"x"`, nil, nil},
			{grp, group, `[{"op":"remove","path":"MEMBERS[VALUE EQ \"1\"]"}]`, "members", two, nil, nil},
		}},
		{"null removes", []request{
			{user, jensen, `[{"op":"replace","path":"name.givenName","value":null}]`, "name", `{"familyName":"Jensen"}`, nil, scim.ErrInvalidValue},
			{user, jensen, `[{"op":"replace","value":{"name":{"givenName":null,"familyName":"J"}}}]`, "name", `{"givenName":"Barbara","familyName":"J"}`, nil, nil},
			{grp, group, `[{"op":"replace","path":"members","value":null}]`, "members", ``, nil, scim.ErrInvalidValue},
		}},
		{"number as string, string as number", []request{
			{user, bare, `[{"op":"add","path":"` + ent + `:employeeNumber","value":701984}]`, ent, `{"employeeNumber":"701984"}`, nil, scim.ErrInvalidValue},
		}},
		{"simple values as objects, in a list of one's own (Entra ID)", []request{
			{newShapesType(), `{"schemas":["urn:example:Shape"],"tags":["a"]}`, `[{"op":"Add","path":"tags","value":[{"value":"b"},{"value":"A"}]}]`, "tags", `["a","b"]`, nil, scim.ErrInvalidValue},
			{newShapesType(), `{"schemas":["urn:example:Shape"],"tags":["a","b"]}`, `[{"op":"Remove","path":"tags","value":[{"value":"b"}]}]`, "tags", `["a"]`, nil, scim.ErrInvalidValue},
			{newShapesType(), `{"schemas":["urn:example:Shape"],"tags":["a","b"]}`, `[{"op":"remove","path":"tags[value eq \"b\"]"}]`, "tags", `["a"]`, nil, nil},
		}},
		{"one value for a list", []request{
			{user, bare, `[{"op":"replace","path":"emails","value":{"value":"x","type":"work"}}]`, "emails", `[{"value":"x","type":"work"}]`, nil, scim.ErrInvalidValue},
			{user, bare, `[{"op":"add","path":"emails","value":"x"}]`, "emails", `[{"value":"x"}]`, nil, scim.ErrInvalidValue},
			{user, bare, `[{"op":"add","path":"emails","value":{"value":"x","type":"work"}}]`, "emails", `[{"value":"x","type":"work"}]`, nil, nil},
		}},
		{"remove of what is not there", []request{
			{grp, group, `[{"op":"remove","path":"members[value eq \"9\"]"}]`, "members", all, nil, scim.ErrNoTarget},
			{user, jensen, `[{"op":"remove","path":"emails[type eq \"other\"].value"}]`, "title", ``, nil, scim.ErrNoTarget},
			{user, jensen, `[{"op":"remove","path":"title"}]`, "title", ``, nil, nil},
		}},
	}
	for _, test := range tests {
		t.Run(test.row, func(t *testing.T) {
			for _, q := range test.requests {
				for _, dialect := range []scim.Dialect{scim.Tolerant, scim.Strict} {
					want := q.err
					if dialect == scim.Strict {
						want = q.strict
					}
					got, _, err := patched(t, q.typ, q.stored, q.ops, &scim.Options{Dialect: dialect})
					if want == errOther {
						if err == nil && member(t, got, q.path) == q.want {
							t.Errorf("%s (dialect %d): it is tolerated", q.ops, dialect)
						}
					} else if !errors.Is(err, want) || want == nil && err != nil {
						t.Errorf("%s (dialect %d): got error %v, want %v", q.ops, dialect, err, want)
					} else if err == nil {
						if diff := cmp.Diff(q.want, member(t, got, q.path)); diff != "" {
							t.Errorf("%s (dialect %d): %s (-want +got):\n%s", q.ops, dialect, q.path, diff)
						}
					}
				}
			}
		})
	}
}
