package scim_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ilumy/usersync/scim"
)

// Lists wherever a schema can have them: in an extension, in a complex attribute, in a value of a list.
func TestPatchNestedLists(t *testing.T) {
	typ := scim.MustResourceType(scim.ResourceTypeDefinition{Name: "X", Endpoint: "/X", Schema: &scim.Schema{ID: "urn:x", Attributes: []*scim.Attribute{
		{Name: "box", Type: scim.Complex, SubAttributes: []*scim.Attribute{{Name: "name"}, {Name: "tags", MultiValued: true}}},
		{Name: "rows", Type: scim.Complex, MultiValued: true, SubAttributes: []*scim.Attribute{{Name: "value"}, {Name: "tags", MultiValued: true, CaseExact: true}}},
	}}, Extensions: []scim.Extension{{Schema: &scim.Schema{ID: "urn:y", Attributes: []*scim.Attribute{
		{Name: "codes", MultiValued: true, Type: scim.Integer},
		{Name: "box", Type: scim.Complex, SubAttributes: []*scim.Attribute{{Name: "tags", MultiValued: true}}},
	}}}}})
	const s = `{"schemas":["urn:x"]`
	tests := []struct{ name, stored, ops, want string }{
		{"in a complex attribute", s + `}`, `[{"op":"add","path":"box.tags","value":["a","b"]},{"op":"add","path":"box.tags","value":["A","c"]}]`, s + `,"box":{"tags":["a","b","c"]}}`},
		{"with its neighbour", s + `,"box":{"name":"n","tags":["a"]}}`, `[{"op":"add","path":"box.tags","value":["b"]},{"op":"replace","path":"box.name","value":"m"},{"op":"remove","path":"box.tags","value":["a"]}]`, s + `,"box":{"name":"m","tags":["b"]}}`},
		{"removed with its parent", s + `,"box":{"name":"n","tags":["a"]}}`, `[{"op":"add","path":"box.tags","value":["b"]},{"op":"remove","path":"box"},{"op":"add","path":"box.tags","value":["c"]}]`, s + `,"box":{"tags":["c"]}}`},
		{"emptied", s + `,"box":{"tags":["a"]}}`, `[{"op":"replace","path":"box.tags","value":[]}]`, s + `}`},
		{"in an extension", s + `}`, `[{"op":"add","path":"urn:y:codes","value":[1,2]},{"op":"remove","path":"urn:y:codes[value eq 1]"}]`, `{"schemas":["urn:x","urn:y"],"urn:y":{"codes":[2]}}`},
		{"equal numbers", s + `}`, `[{"op":"add","path":"urn:y:codes","value":[1,10]},{"op":"add","path":"urn:y:codes","value":[1.0,1e1]}]`, `{"schemas":["urn:x","urn:y"],"urn:y":{"codes":[1,10]}}`},
		{"deep in an extension", s + `}`, `[{"op":"add","path":"urn:y:box.tags","value":["a"]},{"op":"add","path":"urn:y:box.tags","value":["b"]},{"op":"remove","path":"urn:y:codes"}]`, `{"schemas":["urn:x","urn:y"],"urn:y":{"box":{"tags":["a","b"]}}}`},
		{"the extension goes", `{"schemas":["urn:x","urn:y"],"urn:y":{"box":{"tags":["a"]}}}`, `[{"op":"remove","path":"urn:y:box.tags[value eq \"a\"]"}]`, s + `}`},
		{"in a value", s + `,"rows":[{"value":"1","tags":["a"]},{"value":"2"}]}`, `[{"op":"add","path":"rows[value eq \"1\"].tags","value":["a","A"]},{"op":"add","path":"rows[value eq \"2\"].tags","value":["z"]}]`,
			s + `,"rows":[{"value":"1","tags":["a","A"]},{"value":"2","tags":["z"]}]}`},
		{"new attributes in their order", s + `}`, `[{"op":"add","path":"rows","value":[{"value":"1"}]},{"op":"add","path":"box.tags","value":["a"]},{"op":"add","path":"urn:y:codes","value":[1]}]`,
			`{"schemas":["urn:x","urn:y"],"rows":[{"value":"1"}],"box":{"tags":["a"]},"urn:y":{"codes":[1]}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, _, err := patched(t, typ, test.stored, test.ops, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, text(t, got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// An index over many values stays right while they change.
func TestPatchIndex(t *testing.T) {
	user := scim.NewUserType()
	ops := ""
	add := func(format string, args ...any) { ops += "," + fmt.Sprintf(format, args...) }
	for i := range 10 {
		add(`{"op":"add","path":"emails","value":[{"value":"a%d","type":"work"}]}`, i)
	}
	add(`{"op":"replace","path":"emails[value eq \"a3\"].value","value":"moved"}`)
	add(`{"op":"add","path":"emails","value":[{"value":"MOVED","type":"WORK"},{"value":"a3","type":"work"}]}`)
	add(`{"op":"remove","path":"emails[value eq \"a4\"]"}`)
	add(`{"op":"add","path":"emails","value":[{"value":"a4","type":"home"},{"value":"a4","type":"work"},{"value":"a4"}]}`)
	add(`{"op":"remove","path":"emails","value":[{"value":"a4","type":"home"},{"value":"a5"}]}`)
	got, _, err := patched(t, user, bare, "["+ops[1:]+"]", nil)
	if err != nil {
		t.Fatal(err)
	}
	list := ""
	for _, v := range got.GetValues("emails") {
		list += v.(*scim.Object).GetString("value") + "/" + v.(*scim.Object).GetString("type") + " "
	}
	want := "a0/work a1/work a2/work moved/work a6/work a7/work a8/work a9/work a3/work a4/work "
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
