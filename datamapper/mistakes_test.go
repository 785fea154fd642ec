package datamapper

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ilumy/usersync/provisioning"
)

func TestMistakes(t *testing.T) {
	o := &Options{
		Source: map[provisioning.Kind][]string{"User": {"givenName", "sn", "mail", "manager"}},
		Target: map[provisioning.Kind][]string{"User": {"userName", "displayName", "name.givenName", "manager"}},
	}
	for _, tt := range []struct {
		name string
		in   string
		want []string
	}{
		{"empty", "", []string{"m.yaml: the file is empty; rules begin with version: 1"}},
		{"only a comment", "# nothing\n", []string{"m.yaml: the file is empty; rules begin with version: 1"}},
		{"not a mapping", "hello\n", []string{"m.yaml:1:1: a rules file is a mapping with some of version, parameters, users, groups, kinds, tests, not a text"}},
		{"not YAML", "version: 1\nusers: [\n", []string{"m.yaml:2:8: not valid YAML: sequence end token ']' not found"}},
		{"no rules", "version: 1\n", []string{"m.yaml:1:1: there are no rules; add users or groups"}},
		{"other version", "version: 2\nusers: {attributes: {userName: mail}}\n", []string{`m.yaml:1:10: version "2" of rules is not known; this is version 1`}},
		{"unknown field", "version: 1\nuser:\n  attributes: {userName: mail}\n", []string{`m.yaml:2:1: a rules file has no field "user", did you mean "users"?`}},
		{"two documents", "version: 1\n---\nversion: 1\n", []string{"m.yaml:3:8: rules are one document, and a second one begins here"}},
		{"alias", "version: 1\nusers: &x {attributes: {userName: mail}}\n", []string{"m.yaml:2:8: anchors and aliases are not allowed in rules; name a value under let to use it several times"}},
		{"all at once", users(`  scope: 'mial pr'
  attributes:
    userName: {form: mail}
    usrName: mail
    displayName: {template: "{givnName} {sn|ToLowr}"}
    name.givenName:
      expression: Join(" ", [givenName], [surname]
    name.givenName: sn
  refs:
    manager: boss
`), []string{
			`m.yaml:3:11: the source has no attribute "mial", did you mean "mail"?`,
			`m.yaml:5:16: a rule has no field "form", did you mean "from"?`,
			`m.yaml:6:5: the target has no attribute "usrName", did you mean "userName"?`,
			`m.yaml:7:31: the source has no attribute "givnName", did you mean "givenName"?`,
			`m.yaml:7:45: there is no function ToLowr, did you mean "ToLower"?`,
			`m.yaml:9:19: Join( has no ) at its end`,
			`m.yaml:10:5: name.givenName is here twice; it is in line 8 too`,
			`m.yaml:12:14: the source has no reference "boss"`,
		}},
		{"block expression", users(`  attributes:
    userName:
      expression: |
        Join(" ",
          [givenName],
          [surname])
`), []string{`m.yaml:8:11: the source has no attribute "surname"`}},
		{"cycle", users(`  let:
    a: {template: "{b}"}
    b: {first: [sn, c]}
    c: a
  attributes: {userName: a}
`), []string{
			"m.yaml:4:20: a needs itself: a -> b -> c -> a",
		}},
		{"two forms", users("  attributes:\n    userName: {from: mail, value: x}\n"), []string{
			"m.yaml:4:16: a rule has one of from, value, template, first, switch, expression, and this one has from and value",
		}},
		{"default and required", users("  attributes:\n    userName: {from: mail, default: x, required: true}\n"), []string{
			"m.yaml:4:37: default says what an empty value becomes, and so does required; keep one of them",
		}},
		{"switch without table", users("  attributes:\n    userName: {switch: mail}\n"), []string{
			"m.yaml:4:24: switch needs a table of values, as table: {HR: People, IT: Technology}",
		}},
		{"onEmpty", users("  attributes:\n    userName: {from: mail, onEmpty: delete}\n"), []string{
			`m.yaml:4:37: onEmpty is keep (leave the attribute alone), clear (remove its values) or hold (leave the whole record alone), not "delete"`,
		}},
		{"active is not an attribute", users("  attributes: {active: mail}\n"), []string{
			`m.yaml:3:16: whether somebody is active is not an attribute; write disabled: beside scope, as disabled: 'status eq "left"'`,
		}},
		{"filter", users("  scope: 'mail px'\n  attributes: {userName: mail}\n"), nil},
		{"value filter", users("  scope: 'mail[type eq \"work\"]'\n  attributes: {userName: mail}\n"), []string{
			"m.yaml:3:10: a filter on the values of an attribute, as emails[…], is not possible here: the attributes of a source are flat",
		}},
		{"empty constant", users("  attributes: {userName: {value: \"\"}}\n"), []string{
			"m.yaml:3:34: an empty text is no value; write [] to remove the target's values, or leave the rule out",
		}},
		{"wrong default within a form", users("  attributes:\n    userName: {first: [{from: sn, default: {a: b}}, {value: {}}]}\n"), []string{
			"m.yaml:4:45: a value is a text or a list of texts, not a mapping",
			"m.yaml:4:61: a value is a text or a list of texts, not a mapping",
		}},
		{"without quotes", users("  attributes:\n    userName: {expression: [mail]}\n    displayName: {template: {givenName}}\n    name.givenName: {template: {givenName} {sn}}\n"), []string{
			"m.yaml:6:44: not valid YAML: ',' or '}' must be specified",
		}},
		{"list without quotes", users("  attributes:\n    userName: {expression: [mail]}\n    displayName: {template: {givenName}}\n"), []string{
			`m.yaml:4:28: expression is a text such as 'Join(" ", [givenName], [sn])', not a list; put it in quotes`,
			`m.yaml:5:30: template is a text such as "{givenName} {sn}", not a mapping; put it in quotes`,
		}},
		{"no value", users("  attributes:\n    userName: {value: ~}\n    displayName:\n"), []string{
			"m.yaml:4:16: value has no value", // and so no form
			`m.yaml:5:5: displayName has no rule; leave it out, or write displayName: {value: "…"}`,
		}},
		{"lines that end as in Windows", users("  attributes:\r\n    userName: {expression: 'Foo([sn])'}\r\n"), []string{
			"m.yaml:4:29: there is no function Foo",
		}},
		{"UTF-16", "\xff\xfev\x00", []string{"m.yaml: the file is in UTF-16; save it as UTF-8"}},
		{"Latin-1", "version: 1\nusers: \xe9\n", []string{"m.yaml:2:1: this line is not in UTF-8; save the file as UTF-8"}},
		{"tab", users("\tattributes: {userName: mail}\n"), []string{"m.yaml:3:1: not valid YAML: found character '\t' that cannot start any token"}},
		{"deep", "a: " + strings.Repeat("[", 1000), []string{"m.yaml:1:36: nested deeper than 32 levels"}},
		{"deep list", strings.Repeat("- ", 100000), []string{"m.yaml:1:65: nested deeper than 32 levels"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load("m.yaml", []byte(tt.in), o)
			var mistakes Mistakes
			if !errors.As(err, &mistakes) {
				t.Fatalf("error is %v, want Mistakes", err)
			}
			if tt.want == nil {
				tt.want = []string{"m.yaml:3:16: scope is not a SCIM filter: "}
				for i, m := range mistakes {
					tt.want[i] += strings.TrimPrefix(m.Message, "scope is not a SCIM filter: ")
				}
			}
			if diff := cmp.Diff(strings.Join(tt.want, "\n"), err.Error()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestLoadFile(t *testing.T) {
	_, err := LoadFile(filepath.Join(t.TempDir(), "missing.yaml"), nil)
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	path := filepath.Join(t.TempDir(), "mapping.yaml")
	if err := os.WriteFile(path, []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadFile(path, nil); err != nil {
		t.Errorf("a good file: %v", err)
	}
}
