package scim_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/filter"
)

// A thing is a type with attributes of all types, to compare ways of matching with.
func newThingType() *scim.ResourceType {
	return scim.MustResourceType(scim.ResourceTypeDefinition{Name: "Thing", Endpoint: "/Things", Schema: &scim.Schema{ID: "urn:example:Thing", Attributes: []*scim.Attribute{
		{Name: "text"}, {Name: "exact", CaseExact: true}, {Name: "flag", Type: scim.Boolean}, {Name: "count", Type: scim.Integer}, {Name: "size", Type: scim.Decimal},
		{Name: "at", Type: scim.DateTime}, {Name: "link", Type: scim.Reference},
		{Name: "part", Type: scim.Complex, SubAttributes: []*scim.Attribute{{Name: "a"}, {Name: "b", Type: scim.Boolean}}},
		{Name: "parts", Type: scim.Complex, MultiValued: true, SubAttributes: []*scim.Attribute{{Name: "value"}, {Name: "type"}, {Name: "n", Type: scim.Integer}, {Name: "primary", Type: scim.Boolean}}},
		{Name: "tags", MultiValued: true},
	}}})
}

var (
	thingTexts = []string{"a", "A", "ab", "Ab", "é", "É", "b", "", "\u212A", "k", "x y", "%", "_", "\\"}
	thingTimes = []string{"2020-01-01T00:00:00Z", "2020-01-01T01:00:00+01:00", "2020-01-01T00:00:00.5Z", "2019-12-31T23:59:59.999Z"}
	thingCount = []string{"0", "1", "-1", "10", "9007199254740993"}
	thingSize  = []string{"0.5", "1", "1.0", "-2e2", "1e3"}
)

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// randomThing makes a thing in which each attribute is there or not.
func randomThing(r *rand.Rand, id int) *scim.Resource {
	thing := scim.NewResource("urn:example:Thing")
	thing.SetID(fmt.Sprint(id))
	some := func(o *scim.Object, name string, v any) {
		if r.IntN(3) > 0 {
			o.Set(name, v)
		}
	}
	some(&thing.Object, "text", pick(r, thingTexts))
	some(&thing.Object, "exact", pick(r, thingTexts))
	some(&thing.Object, "flag", r.IntN(2) == 0)
	some(&thing.Object, "count", json.Number(pick(r, thingCount)))
	some(&thing.Object, "size", json.Number(pick(r, thingSize)))
	some(&thing.Object, "at", pick(r, thingTimes))
	some(&thing.Object, "link", pick(r, thingTexts))
	part := &scim.Object{}
	some(part, "a", pick(r, thingTexts))
	some(part, "b", r.IntN(2) == 0)
	if part.Len() > 0 {
		thing.Set("part", part)
	}
	var parts, tags []any
	for range r.IntN(4) {
		p := &scim.Object{}
		some(p, "value", pick(r, thingTexts))
		some(p, "type", pick(r, []string{"work", "Work", "home"}))
		some(p, "n", json.Number(pick(r, thingCount)))
		some(p, "primary", r.IntN(2) == 0)
		if p.Len() > 0 {
			parts = append(parts, p)
		}
		tags = append(tags, pick(r, thingTexts))
	}
	if parts != nil {
		thing.Set("parts", parts)
	}
	if tags != nil {
		thing.Set("tags", tags)
	}
	return thing
}

// randomFilter makes a filter on things; within says that it is on values of parts.
func randomFilter(r *rand.Rand, depth int, within bool) filter.Expression {
	if depth > 0 {
		switch r.IntN(6) {
		case 0:
			return filter.And(randomFilter(r, depth-1, within), randomFilter(r, depth-1, within))
		case 1:
			return filter.Or(randomFilter(r, depth-1, within), randomFilter(r, depth-1, within))
		case 2:
			return filter.Not(randomFilter(r, depth-1, within))
		case 3:
			if !within {
				return filter.Attr("parts").Has(randomFilter(r, depth-1, true))
			}
		}
	}
	names := []string{"text", "exact", "flag", "count", "size", "at", "link", "part.a", "PART.b", "parts", "parts.type", "parts.n", "parts.primary", "tags", "urn:example:Thing:text"}
	if within {
		names = []string{"value", "TYPE", "n", "primary"}
	}
	name := pick(r, names)
	a := filter.Attr(name)
	var v any
	any := []func(any) filter.Expression{a.Eq, a.Ne, a.Gt, a.Ge, a.Lt, a.Le}
	switch strings.ToLower(name) {
	case "flag", "part.b", "parts.primary", "primary":
		v, any = r.IntN(2) == 0, any[:2]
	case "count", "parts.n", "n":
		v = json.Number(pick(r, thingCount))
	case "size":
		v = json.Number(pick(r, thingSize))
	case "at":
		v = pick(r, thingTimes)
	default:
		s := pick(r, thingTexts)
		switch r.IntN(6) {
		case 0:
			return a.Co(s)
		case 1:
			return a.Sw(s)
		case 2:
			return a.Ew(s)
		}
		v = s
	}
	switch r.IntN(8) {
	case 0:
		return a.Pr()
	case 1:
		return pick(r, any[:2])(nil)
	}
	return pick(r, any)(v)
}

// naive evaluates a filter as RFC 7644 says it, with nothing compiled and no part of the package but the
// resource's values and, for characters, the standard library.
type naive struct{ typ *scim.ResourceType }

func (n naive) match(e filter.Expression, o *scim.Object, within *scim.Attribute) bool {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		l, r := n.match(e.Left, o, within), n.match(e.Right, o, within)
		if e.Operator == filter.AND {
			return l && r
		}
		return l || r
	case *filter.NotExpression:
		return !n.match(e.Expression, o, within)
	case *filter.ValuePath:
		a := n.typ.Attribute(e.AttributePath.String())
		for _, v := range o.GetValues(a.Name) {
			if n.match(e.ValueFilter, v.(*scim.Object), a) {
				return true
			}
		}
		return false
	case *filter.AttributeExpression:
		return n.compare(e, o, within)
	}
	panic("unknown expression")
}

func (n naive) compare(e *filter.AttributeExpression, o *scim.Object, within *scim.Attribute) bool {
	a := n.typ.Attribute(e.AttributePath.String())
	values := []any{}
	if within != nil {
		a = within.Sub(e.AttributePath.AttributeName)
		values = append(values, o.Get(a.Name))
	} else {
		values = a.Values(&scim.Resource{Object: *o})
	}
	present := func(v any) bool {
		p, ok := v.(*scim.Object)
		if !ok {
			return v != nil && v != ""
		}
		for _, m := range p.All() {
			if m != nil && m != "" {
				return true
			}
		}
		return false
	}
	some := func(list []any, f func(any) bool) bool {
		for _, v := range list {
			if v != nil && f(v) {
				return true
			}
		}
		return false
	}
	switch {
	case e.Operator == filter.PR, e.Operator == filter.NE && e.CompareValue == nil:
		return some(values, present)
	case e.CompareValue == nil:
		return !some(values, present)
	}
	if a.Type == scim.Complex { // implicit value
		a = a.Sub("value")
		var inner []any
		for _, v := range values {
			if p, ok := v.(*scim.Object); ok {
				inner = append(inner, p.Get("value"))
			}
		}
		values = inner
	}
	if e.Operator == filter.NE {
		return some(values, func(v any) bool { return !test(a, filter.EQ, v, e.CompareValue) }) || !some(values, func(v any) bool { return v != nil })
	}
	return some(values, func(v any) bool { return test(a, e.Operator, v, e.CompareValue) })
}

func test(a *scim.Attribute, op filter.CompareOperator, v, want any) bool {
	var c int
	switch a.Type {
	case scim.Boolean:
		return v == want
	case scim.Integer, scim.Decimal:
		x, _, _ := big.ParseFloat(string(v.(json.Number)), 10, 200, big.ToNearestEven)
		y, _, _ := big.ParseFloat(string(want.(json.Number)), 10, 200, big.ToNearestEven)
		c = x.Cmp(y)
	case scim.DateTime:
		x, _ := time.Parse(time.RFC3339Nano, v.(string))
		y, _ := time.Parse(time.RFC3339Nano, want.(string))
		c = x.Compare(y)
	default:
		x, y := v.(string), want.(string)
		if !a.CaseExact && a.Type != scim.Reference {
			x, y = strings.ToLower(x), strings.ToLower(y)
		}
		switch op {
		case filter.CO:
			return strings.Contains(x, y)
		case filter.SW:
			return strings.HasPrefix(x, y)
		case filter.EW:
			return strings.HasSuffix(x, y)
		}
		c = strings.Compare(x, y)
	}
	return map[filter.CompareOperator]bool{filter.EQ: c == 0, filter.GT: c > 0, filter.GE: c >= 0, filter.LT: c < 0, filter.LE: c <= 0}[op]
}

// FuzzMatch compares what a compiled filter matches with what the naive evaluator does.
func FuzzMatch(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed)
	}
	typ := newThingType()
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 1))
		for range 20 {
			e, thing := randomFilter(r, 3, false), randomThing(r, 1)
			s, err := filter.Format(e)
			if err != nil {
				t.Fatal(err)
			}
			compiled, err := typ.ParseFilter(s, &scim.Options{Dialect: scim.Strict})
			if err != nil {
				t.Fatalf("%s: %v", s, err)
			}
			if got, want := compiled.Match(thing), (naive{typ}).match(e, &thing.Object, nil); got != want {
				t.Fatalf("%s: got %v, want %v for %s", s, got, want, text(t, thing))
			}
		}
	})
}
