package scim_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ilumy/usersync/scim"
)

// newShapesType has attributes of all shapes and mutabilities, to compare resources of.
func newShapesType() *scim.ResourceType {
	sub := func(more ...*scim.Attribute) []*scim.Attribute {
		return append([]*scim.Attribute{{Name: "value"}, {Name: "type"}, {Name: "primary", Type: scim.Boolean}, {Name: "n", Type: scim.Integer}}, more...)
	}
	shapes := func() []*scim.Attribute {
		return []*scim.Attribute{
			{Name: "text"}, {Name: "exact", CaseExact: true}, {Name: "flag", Type: scim.Boolean}, {Name: "count", Type: scim.Integer}, {Name: "at", Type: scim.DateTime},
			{Name: "once", Mutability: scim.Immutable}, {Name: "given", Mutability: scim.ReadOnly}, {Name: "secret", Returned: scim.ReturnedNever, Mutability: scim.WriteOnly},
			{Name: "tags", MultiValued: true}, {Name: "codes", MultiValued: true, Type: scim.Integer},
			{Name: "part", Type: scim.Complex, SubAttributes: []*scim.Attribute{{Name: "a"}, {Name: "b", Type: scim.Boolean}, {Name: "tags", MultiValued: true}, {Name: "given", Mutability: scim.ReadOnly}}},
			{Name: "boss", Type: scim.Complex, SubAttributes: []*scim.Attribute{{Name: "value"}, {Name: "$ref", Type: scim.Reference}, {Name: "display", Mutability: scim.ReadOnly}}},
			{Name: "rows", Type: scim.Complex, MultiValued: true, SubAttributes: sub(&scim.Attribute{Name: "tags", MultiValued: true}, &scim.Attribute{Name: "given", Mutability: scim.ReadOnly})},
			{Name: "plain", Type: scim.Complex, MultiValued: true, SubAttributes: []*scim.Attribute{{Name: "street"}, {Name: "type"}, {Name: "primary", Type: scim.Boolean}}},
			{Name: "members", Type: scim.Complex, MultiValued: true, SubAttributes: []*scim.Attribute{{Name: "value", CaseExact: true, Mutability: scim.Immutable},
				{Name: "type", Mutability: scim.Immutable}, {Name: "role"}, {Name: "display", Mutability: scim.ReadOnly}}},
		}
	}
	return scim.MustResourceType(scim.ResourceTypeDefinition{Name: "Shape", Endpoint: "/Shapes", Schema: &scim.Schema{ID: "urn:example:Shape", Attributes: shapes()},
		Extensions: []scim.Extension{{Schema: &scim.Schema{ID: "urn:example:ext:2.0:Shape", Attributes: shapes()}}}})
}

var diffTexts = []string{"a", "A", "ab", "é", "É", "b", `q"\`, "x y", "c", "d"}

// randomValue makes a value of an attribute; few of them, so that many are alike.
func randomValue(r *rand.Rand, a *scim.Attribute) any {
	one := func() any {
		switch a.Type {
		case scim.Boolean:
			return r.IntN(2) == 0
		case scim.Integer:
			return json.Number(fmt.Sprint(r.IntN(3)))
		case scim.DateTime:
			return pick(r, thingTimes)
		case scim.Binary:
			return pick(r, []string{"AAAA", "BBBB", "CCCC"})
		case scim.Complex:
			o := &scim.Object{}
			for _, s := range a.SubAttributes {
				if r.IntN(3) > 0 {
					o.Set(s.Name, randomValue(r, s))
				}
			}
			return o
		}
		return pick(r, diffTexts)
	}
	if !a.MultiValued {
		return one()
	}
	var list []any
	for range r.IntN(5) {
		list = append(list, one())
	}
	return list
}

// mutate changes some of what there is.
func mutate(r *rand.Rand, o *scim.Object, attributes []*scim.Attribute, often int) {
	for _, a := range attributes {
		if a.Parent() == nil && (a.Name == "schemas" || a.Name == "meta" || a.Name == "id") || r.IntN(often) > 0 {
			continue
		}
		switch v := o.Get(a.Name).(type) {
		case nil:
			o.Set(a.Name, randomValue(r, a))
		case *scim.Object:
			if r.IntN(6) == 0 {
				o.Delete(a.Name)
				continue
			}
			mutate(r, v, a.SubAttributes, 2)
		case []any:
			for range 1 + r.IntN(2) {
				if len(v) > 0 && r.IntN(3) > 0 {
					i := r.IntN(len(v))
					if e, ok := v[i].(*scim.Object); ok && r.IntN(2) == 0 {
						mutate(r, e, a.SubAttributes, 2)
					} else {
						v = append(append([]any{}, v[:i]...), v[i+1:]...)
					}
				} else if more, ok := randomValue(r, a).([]any); ok {
					v = append(v, more...)
				}
			}
			r.Shuffle(len(v), func(i, j int) { v[i], v[j] = v[j], v[i] })
			o.Set(a.Name, v)
		default:
			if r.IntN(3) == 0 {
				o.Delete(a.Name)
			} else {
				o.Set(a.Name, randomValue(r, a))
			}
		}
	}
}

func normal(t *testing.T, typ *scim.ResourceType, r *scim.Resource) *scim.Resource {
	t.Helper()
	n := r.Clone()
	n.SetSchemas(typ.Schema().ID)
	for _, o := range []*scim.Object{&n.Object, n.GetObject("urn:example:ext:2.0:Shape")} {
		if list := o.GetValues("members"); list != nil { // a reference to nothing is none
			o.Set("members", slices.DeleteFunc(list, func(v any) bool { return v.(*scim.Object).Get("value") == nil }))
		}
	}
	if err := typ.Normalize(n, nil); err != nil {
		t.Fatal(err)
	}
	return n
}

// keepFixed gives after what a Diff leaves alone: it takes what is immutable, never returned, or known of a reference.
func keepFixed(before, after *scim.Object, attributes []*scim.Attribute) {
	for _, a := range attributes {
		old, new := before.Get(a.Name), after.Get(a.Name)
		switch {
		case a.Mutability == scim.ReadOnly:
			after.Delete(a.Name)
		case old == nil:
			keepValues(nil, new, a)
		case a.Mutability == scim.Immutable, a.Returned == scim.ReturnedNever && new == nil:
			after.Set(a.Name, old)
		case a.IsExtension():
			o, n := before.GetObject(a.Name), after.GetObject(a.Name)
			if n == nil {
				n = &scim.Object{}
			}
			if keepFixed(o, n, a.SubAttributes); n.Len() > 0 {
				after.Set(a.Name, n)
			}
		default:
			keepValues(old, new, a)
		}
	}
}

func keepValues(old, new any, a *scim.Attribute) {
	switch n := new.(type) {
	case *scim.Object:
		for _, s := range a.SubAttributes {
			if s.Mutability == scim.ReadOnly {
				n.Delete(s.Name)
			}
		}
	case []any:
		known := map[any]*scim.Object{}
		if list, ok := old.([]any); ok && a.Name == "members" {
			for _, v := range list {
				known[v.(*scim.Object).Get("value")] = v.(*scim.Object)
			}
		}
		for _, v := range n {
			if o, ok := v.(*scim.Object); ok {
				keepValues(nil, o, a)
				for _, s := range a.SubAttributes {
					if k := known[o.Get("value")]; k != nil && s.Mutability == scim.Immutable && k.Get(s.Name) != nil {
						o.Set(s.Name, k.Get(s.Name))
					}
				}
			}
		}
	}
}

// FuzzDiff holds Diff to its law: what it gives makes of the first resource the second, in both dialects and written
// as JSON, is empty if they are the same, never touches what is readOnly, and is no larger than replacing what differs.
func FuzzDiff(f *testing.F) {
	for seed := range uint64(300) {
		f.Add(seed, seed%8 == 7)
	}
	types := []*scim.ResourceType{newShapesType(), scim.NewUserType(), scim.NewGroupType()}
	f.Fuzz(func(t *testing.T, seed uint64, independent bool) {
		r := rand.New(rand.NewPCG(seed, 7))
		for _, typ := range types {
			before, after := scim.NewResource(), scim.NewResource()
			mutate(r, &before.Object, typ.Attributes(), 1)
			before = required(normal(t, typ, before))
			if independent {
				mutate(r, &after.Object, typ.Attributes(), 1)
			} else {
				after = before.Clone()
				mutate(r, &after.Object, typ.Attributes(), 1+r.IntN(8))
			}
			after = normal(t, typ, required(after))
			checkDiff(t, typ, before, after)
		}
	})
}

func required(r *scim.Resource) *scim.Resource {
	for _, name := range []string{"userName", "displayName"} {
		if r.Get(name) == nil {
			r.Set(name, "x")
		}
	}
	return r
}

func checkDiff(t *testing.T, typ *scim.ResourceType, before, after *scim.Resource) {
	t.Helper()
	was, is := text(t, before), text(t, after)
	wanted := after.Clone()
	keepFixed(&before.Object, &wanted.Object, typ.Attributes())
	wanted = normal(t, typ, wanted) // without what has become empty
	p, err := typ.Diff(before, wanted, nil)
	if text(t, before) != was || text(t, after) != is {
		t.Fatal("Diff changed its arguments")
	}
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, was, is)
	}
	if floor := naiveCost(typ, before, wanted); cost(p) > floor {
		t.Fatalf("it costs %d, and replacing what differs costs %d:\n%s\n%s\n%s", cost(p), floor, was, is, patchText(t, p))
	}
	for _, dialect := range []scim.Dialect{scim.Tolerant, scim.Strict} {
		got := apply(t, typ, before, p, dialect)
		if !writableEqual(typ, got, wanted) {
			t.Fatalf("dialect %d: before\n%s\nwanted\n%s\ngot\n%s\nby\n%s", dialect, was, text(t, wanted), text(t, got), patchText(t, p))
		}
		if again, err := typ.Diff(got, wanted, nil); err != nil || len(again.Operations) > 0 {
			t.Fatalf("there is still a difference: %s, %v", patchText(t, again), err)
		}
	}
	if same, err := typ.Diff(after, after.Clone(), nil); err != nil || len(same.Operations) > 0 {
		t.Fatalf("nothing differs, but: %s, %v", patchText(t, same), err)
	}
	for _, o := range []scim.DiffOptions{{NoFilters: true}, {NoFilters: true, RemoveByValue: true}, {NoWholeLists: true}, {NoFilters: true, RemoveByValue: true, NoWholeLists: true}} {
		p, err := typ.Diff(before, wanted, &o)
		if err != nil {
			if o.NoWholeLists && errors.Is(err, errors.ErrUnsupported) {
				continue
			}
			t.Fatal(err)
		}
		if o.NoFilters && strings.Contains(patchText(t, p), `eq \"`) {
			t.Fatalf("there is a filter in %s", patchText(t, p))
		}
		if got := apply(t, typ, before, p, scim.Tolerant); !writableEqual(typ, got, wanted) {
			t.Fatalf("%+v: before\n%s\nwanted\n%s\ngot\n%s\nby\n%s", o, was, text(t, wanted), text(t, got), patchText(t, p))
		}
	}
}

// apply sends a request as JSON and gives what it makes of a resource.
func apply(t *testing.T, typ *scim.ResourceType, r *scim.Resource, p *scim.PatchRequest, dialect scim.Dialect) *scim.Resource {
	t.Helper()
	o := &scim.Options{Dialect: dialect, Tolerated: func(d scim.Deviation) {
		if d.Kind != scim.RemoveByValue && d.Kind != scim.RemoveNothing {
			t.Errorf("Diff gives a form that has to be tolerated: %s", d.Kind)
		}
	}}
	sent, err := scim.DecodePatch([]byte(patchText(t, p)), o)
	if err != nil {
		t.Fatal(err)
	}
	d, err := typ.Resolve(sent, o)
	if err != nil {
		t.Fatalf("%v: %s", err, patchText(t, p))
	}
	got, _, err := d.Apply(r)
	if err != nil {
		t.Fatalf("%v: %s\nto %s", err, patchText(t, p), text(t, r))
	}
	return got
}

// writableEqual compares two resources as the type does, but for what is readOnly.
func writableEqual(typ *scim.ResourceType, a, b *scim.Resource) bool {
	a, b = a.Clone(), b.Clone()
	dropReadOnly(&a.Object, typ.Attributes())
	dropReadOnly(&b.Object, typ.Attributes())
	return typ.Equal(a, b)
}

func dropReadOnly(o *scim.Object, attributes []*scim.Attribute) {
	for _, a := range attributes {
		if a.Mutability == scim.ReadOnly || a.Name == "schemas" {
			o.Delete(a.Name)
			continue
		}
		var kept []any
		for _, v := range a.Values(&scim.Resource{Object: *o}) {
			if sub, ok := v.(*scim.Object); ok && a.Parent() == nil {
				dropReadOnlyIn(sub, a)
				if sub.Len() == 0 {
					continue
				}
			}
			kept = append(kept, v)
		}
		switch {
		case len(kept) == 0:
			o.Delete(a.Name)
		case a.MultiValued:
			o.Set(a.Name, kept)
		}
	}
}

func dropReadOnlyIn(o *scim.Object, a *scim.Attribute) {
	for _, s := range a.SubAttributes {
		if s.Mutability == scim.ReadOnly {
			o.Delete(s.Name)
			continue
		}
		switch v := o.Get(s.Name).(type) {
		case *scim.Object:
			if dropReadOnlyIn(v, s); v.Len() == 0 {
				o.Delete(s.Name)
			}
		case []any:
			var kept []any
			for _, e := range v {
				if sub, ok := e.(*scim.Object); ok {
					if dropReadOnlyIn(sub, s); sub.Len() == 0 {
						continue
					}
				}
				kept = append(kept, e)
			}
			if o.Set(s.Name, kept); len(kept) == 0 {
				o.Delete(s.Name)
			}
		}
	}
}

func cost(p *scim.PatchRequest) int {
	n := len(p.Operations)
	for _, op := range p.Operations {
		if list, ok := op.Value.([]any); ok {
			n += len(list)
		}
	}
	return n
}

// naiveCost is what it costs to set or remove each attribute that differs as a whole, with its parts one by one.
func naiveCost(typ *scim.ResourceType, before, after *scim.Resource) int {
	n := 0
	var walk func(a *scim.Attribute, x, y *scim.Object)
	walk = func(a *scim.Attribute, x, y *scim.Object) {
		v, w := x.Get(a.Name), y.Get(a.Name)
		if a.Type == scim.Complex && !a.MultiValued {
			for _, s := range a.SubAttributes {
				o, _ := v.(*scim.Object)
				p, _ := w.(*scim.Object)
				walk(s, o, p)
			}
			return
		}
		if fmt.Sprint(plain(v)) == fmt.Sprint(plain(w)) {
			return
		}
		n++
		if list, ok := w.([]any); ok {
			n += len(list)
		}
		if a.Sub("value") != nil && a.Sub("value").Mutability == scim.Immutable { // members are never replaced
			n += 2 * (len(x.GetValues(a.Name)) + len(y.GetValues(a.Name)))
		}
	}
	for _, a := range typ.Attributes() {
		if a.Mutability != scim.ReadOnly && a.Name != "schemas" {
			walk(a, &before.Object, &after.Object)
		}
	}
	return n
}

func patchText(t *testing.T, p *scim.PatchRequest) string {
	t.Helper()
	b, err := p.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
