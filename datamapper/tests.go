package datamapper

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ilumy/usersync/provisioning"
)

// tests runs the tests in a rules file. One that fails is a mistake.
//
//	tests:
//	  - name: a new employee
//	    kind: User                                  # the default
//	    in: {id: "1", employeeID: "7", givenName: Jan}
//	    want: {userName: jan@example.com, title: [], active: true}
//	  - name: a service account
//	    in: {cn: svc-backup}
//	    want: skipped
func (d *decoder) tests(m *Mapping, n *node) {
	if n == nil {
		return
	}
	if n.kind != list {
		d.mistake(n.place, "tests is a list of records and what becomes of them, not %s", n.kind)
		return
	}
	for _, item := range n.items {
		d.runTest(m, item)
	}
	for _, k := range m.kinds {
		k.scope.ForgetSeen()
		for _, r := range k.refs {
			r.seen.Store(false)
		}
	}
}

// runTest runs one test.
func (d *decoder) runTest(m *Mapping, n *node) {
	f := d.fields(n, "a test", testFields...)
	if f == nil {
		return
	}
	in, want := f["in"], f["want"]
	if in == nil || want == nil || in.kind != mapping {
		d.mistake(n.place, "a test needs in, a mapping of source attributes, and want, what becomes of them")
		return
	}
	kind, name := provisioning.User, "the record"
	if f["kind"] != nil {
		kind = provisioning.Kind(f["kind"].text)
	}
	if f["name"] != nil {
		name = f["name"].text
	}
	k := m.kinds[kind]
	if k == nil {
		d.mistake(n.place, "there are no rules for kind %s", kind)
		return
	}
	src := d.testRecord(k, in)
	got, err := m.Map(src)
	outcome := "mapped"
	switch {
	case errors.Is(err, provisioning.SkipRecord):
		outcome = "skipped"
	case err != nil:
		outcome = "held"
	}
	if want.kind == scalar && slices.Contains([]string{"skipped", "held", "mapped"}, want.text) {
		if want.text != outcome {
			d.mistake(want.place, "test: %s is %s%s, want %s", name, outcome, because(outcome, err), want.text)
		}
		return
	}
	if want.kind != mapping {
		d.mistake(want.place, "want is a mapping of target attributes, or one of skipped, held and mapped")
		return
	}
	if outcome != "mapped" {
		d.mistake(want.place, "test: %s is %s%s", name, outcome, because(outcome, err))
		return
	}
	for _, entry := range want.fields {
		if problem := d.expect(k, got, entry); problem != "" {
			d.mistake(entry.key.place, "test: %s of %s %s", entry.key.text, name, problem)
		}
	}
}

func because(outcome string, err error) string {
	if outcome != "held" {
		return ""
	}
	return " (" + err.Error() + ")"
}

// testRecord makes the record of a test. Names of references that rules read are references.
func (d *decoder) testRecord(k *kindRules, n *node) *provisioning.Record {
	r := &provisioning.Record{Kind: k.kind, ID: "test", Attributes: provisioning.Attributes{}, Refs: provisioning.Refs{}}
	for _, entry := range n.fields {
		name := entry.key.text
		values := []string{}
		if entry.value.kind != nothing {
			values = d.texts(entry.value, name)
		}
		isRef := slices.ContainsFunc(k.refs, func(r refRule) bool { return strings.EqualFold(r.from, name) })
		switch {
		case isRef:
			r.Refs[name] = []provisioning.Ref{}
			for _, id := range values {
				r.Refs[name] = append(r.Refs[name], provisioning.Ref{Kind: provisioning.User, ID: provisioning.ID(id)})
			}
		case name == "id":
			r.ID = provisioning.ID(strings.Join(values, ""))
		case name == "externalId":
			r.ExternalID = provisioning.ID(strings.Join(values, ""))
		case name == "active":
			r.Disabled = !d.boolean(entry.value, name)
		default:
			r.Attributes[name] = values
		}
	}
	return r
}

// expect compares one name of what came out with what a test wants, and says how they differ.
func (d *decoder) expect(k *kindRules, got *provisioning.Record, entry field) string {
	name := entry.key.text
	values, there := got.Attributes[name]
	switch {
	case slices.ContainsFunc(k.refs, func(r refRule) bool { return r.target == name }):
		var refs []provisioning.Ref
		refs, there = got.Refs[name]
		for _, ref := range refs {
			values = append(values, string(ref.ID))
		}
	case name == "externalId":
		values, there = nonEmpty(string(got.ExternalID)), true
	case name == "active":
		values, there = []string{fmt.Sprint(!got.Disabled)}, true
	case !slices.ContainsFunc(k.rules, func(r *rule) bool { return r.target == name }):
		return "cannot be wanted: there is no rule for it"
	}
	if entry.value.kind == nothing {
		if there {
			return fmt.Sprintf("is %s, want it left alone", spell(values))
		}
		return ""
	}
	want := d.texts(entry.value, name)
	if !there {
		return fmt.Sprintf("is left alone, want %s", spell(want))
	}
	if len(values) != len(want) || slices.ContainsFunc(want, func(s string) bool { return !slices.Contains(values, s) }) {
		return fmt.Sprintf("is %s, want %s", spell(values), spell(want))
	}
	return ""
}

// spell writes the values of an attribute for a person.
func spell(values []string) string {
	switch len(values) {
	case 0:
		return "cleared"
	case 1:
		return fmt.Sprintf("%q", values[0])
	}
	return fmt.Sprintf("%q", values)
}
