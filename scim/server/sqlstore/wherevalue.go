package sqlstore

import (
	"strings"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/filter"
)

// valuePath translates a condition on one value of a multi-valued attribute.
func (tr *translator) valuePath(e *filter.ValuePath) (condition, bool) {
	a := tr.typ.Attribute(e.AttributePath.String())
	if a == nil || a.Returned == scim.ReturnedNever || top(a).Name == "meta" || top(a).Name == groupsName {
		return condition{}, false
	}
	v := valueTranslator{translator: tr, attribute: a}
	from := condition{"r.rid IN (SELECT e.rid FROM scim_values e WHERE e.space = ? AND e.path = ? AND ", []any{tr.space, a.Path()}}
	switch key, n := tr.key(e); {
	case a == membersOf(tr.typ):
		v.column = "e.name"
		from = condition{"r.rid IN (SELECT e.rid FROM scim_members e WHERE e.space = ? AND ", []any{tr.space}}
	case tr.each:
		from = condition{"EXISTS (SELECT 1 FROM scim_values e WHERE e.rid = r.rid AND e.path = ? AND ", []any{a.Path()}}
	case n > 0:
		sub := a.Sub(key.AttributePath.AttributeName)
		if k, ok := tr.compare(sub, "k.sort", key, false); ok {
			// The index of the one part gives the values, of which the rest is then looked at.
			from = condition{"r.rid IN (SELECT e.rid FROM scim_values k CROSS JOIN scim_values e WHERE k.space = ? AND k.path = ? AND " + k.sql + " AND e.rid = k.rid AND e.elem = k.elem AND e.path = ? AND ",
				append(append([]any{tr.space, sub.Path()}, k.args...), a.Path())}
		}
	}
	if a.Type != scim.Complex {
		v.column = "e.sort"
	}
	c, ok := v.value(e.ValueFilter)
	return condition{from.sql + c.sql + ")", append(from.args, c.args...)}, ok
}

// A valueTranslator translates conditions on one value e of a multi-valued attribute.
type valueTranslator struct {
	*translator
	attribute *scim.Attribute
	column    string // of the value itself; empty if it is complex, and its parts are rows
}

func (v *valueTranslator) value(e filter.Expression) (condition, bool) {
	if e, ok := e.(*filter.AttributeExpression); ok {
		return v.part(e)
	}
	return combined(e, v.value)
}

func (v *valueTranslator) part(e *filter.AttributeExpression) (condition, bool) {
	name := e.AttributePath.AttributeName
	sub := v.attribute.Sub(name)
	if e.AttributePath.SubAttributeName() != "" || e.AttributePath.URI() != "" {
		return condition{}, false
	}
	if v.column != "" {
		if !strings.EqualFold(name, "value") || e.Operator == filter.NE {
			return condition{}, false
		}
		if sub == nil {
			sub = v.attribute
		}
		return v.some(sub, v.column, e, func(c condition) condition { return condition{"(" + c.sql + ")", c.args} })
	}
	if sub == nil {
		return condition{}, false
	}
	return v.some(sub, "v.sort", e, func(c condition) condition {
		return condition{"EXISTS (SELECT 1 FROM scim_values v WHERE v.rid = e.rid AND v.path = ? AND v.elem = e.elem AND " + c.sql + ")",
			append([]any{sub.Path()}, c.args...)}
	})
}

// key gives the part of a value filter by which an index finds the values, and how much it promises.
func (tr *translator) key(e *filter.ValuePath) (best *filter.AttributeExpression, most int) {
	a := tr.typ.Attribute(e.AttributePath.String())
	if a == nil || a.Type != scim.Complex || a == membersOf(tr.typ) {
		return nil, 0
	}
	for _, inner := range conjuncts(nil, e.ValueFilter) {
		if c, ok := inner.(*filter.AttributeExpression); ok {
			if n := promise(a.Sub(c.AttributePath.AttributeName), c); n > most {
				best, most = c, n
			}
		}
	}
	return best, most
}
