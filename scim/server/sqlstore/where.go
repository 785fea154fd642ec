package sqlstore

import (
	"fmt"
	"strings"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/filter"
)

// A condition is SQL on a resource r, with its arguments.
type condition struct {
	sql  string
	args []any
}

// where makes a condition of a filter. What it cannot say exactly as [scim.Filter.Match] would, it leaves out of a
// conjunction, and says that its answer is not exact: then the condition holds for more than the filter does.
func (s *Store) where(t *scim.ResourceType, space int64, e filter.Expression) (c condition, exact bool) {
	c, exact = condition{sql: "1 = 1"}, true
	if e == nil {
		return c, true
	}
	parts := conjuncts(nil, e)
	tr := translator{store: s, typ: t, space: space}
	leader := tr.leader(parts)
	for _, part := range parts {
		tr.each = leader != nil && part != leader
		some, ok := tr.resource(part)
		if ok {
			c = both(c, "AND", some)
		}
		exact = exact && ok
	}
	return c, exact
}

// conjuncts gives the parts of a filter that must all hold.
func conjuncts(list []filter.Expression, e filter.Expression) []filter.Expression {
	if l, ok := e.(*filter.LogicalExpression); ok && l.Operator == filter.AND {
		return conjuncts(conjuncts(list, l.Left), l.Right)
	}
	return append(list, e)
}

// leader gives the part of a conjunction that few resources satisfy, with which the database had better begin: an equality
// with what is unique, else with any text, else a prefix. It gives nil if there is none.
func (tr *translator) leader(parts []filter.Expression) filter.Expression {
	var best filter.Expression
	most := 0
	for _, part := range parts {
		n := 0
		switch e := part.(type) {
		case *filter.AttributeExpression:
			a := tr.typ.Attribute(e.AttributePath.String())
			if a != nil && a.Type == scim.Complex {
				a = a.Sub("value")
			}
			n = promise(a, e)
		case *filter.ValuePath:
			_, n = tr.key(e)
		}
		if n > most {
			best, most = part, n
		}
	}
	return best
}

// promise is how much a comparison is likely to narrow down; 0 is not at all.
func promise(a *scim.Attribute, e *filter.AttributeExpression) int {
	switch {
	case a == nil || e.CompareValue == nil || a.Type != scim.String && a.Type != scim.Reference || len(a.CanonicalValues) > 0:
		return 0
	case e.Operator == filter.EQ && a.Uniqueness != scim.UniqueNone:
		return 3
	case e.Operator == filter.EQ:
		return 2
	case e.Operator == filter.SW:
		return 1
	}
	return 0
}

func both(a condition, op string, b condition) condition {
	return condition{"(" + a.sql + " " + op + " " + b.sql + ")", append(a.args[:len(a.args):len(a.args)], b.args...)}
}

func not(c condition) condition { return condition{"NOT " + c.sql, c.args} }

// A translator makes SQL of the parts of a filter. Each method gives false for what SQL cannot say.
type translator struct {
	store *Store
	typ   *scim.ResourceType
	space int64
	// each has the condition looked at for one resource after the other, which others have narrowed down to; else an index
	// gives all resources that satisfy it.
	each bool
}

// resource translates a condition on a resource.
func (tr *translator) resource(e filter.Expression) (condition, bool) {
	switch e := e.(type) {
	case *filter.AttributeExpression:
		return tr.attribute(e)
	case *filter.ValuePath:
		return tr.valuePath(e)
	}
	return combined(e, tr.resource)
}

// combined translates what is made of other conditions, which are translated by part.
func combined(e filter.Expression, part func(filter.Expression) (condition, bool)) (condition, bool) {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		left, ok1 := part(e.Left)
		right, ok2 := part(e.Right)
		return both(left, logical(e.Operator), right), ok1 && ok2
	case *filter.NotExpression:
		c, ok := part(e.Expression)
		return not(c), ok
	}
	return condition{}, false
}

func logical(op filter.LogicalOperator) string {
	if op == filter.AND {
		return "AND"
	}
	return "OR"
}

// attribute translates a comparison with an attribute: with a column, or with the rows of its values.
func (tr *translator) attribute(e *filter.AttributeExpression) (condition, bool) {
	a := tr.typ.Attribute(e.AttributePath.String())
	if a == nil || a.Returned == scim.ReturnedNever {
		return condition{}, false
	}
	switch a.Path() {
	case "id":
		return tr.compare(a, "r.id", e, true)
	case "meta.created":
		return tr.compare(a, "r.created", e, true)
	case "meta.lastModified":
		return tr.compare(a, "r.modified", e, true)
	}
	a, e = simple(a, e)
	if a == nil || top(a).Name == "meta" || top(a).Name == groupsName {
		return condition{}, false
	}
	from := condition{"r.rid IN (SELECT v.rid FROM scim_values v WHERE v.space = ? AND v.path = ? AND ", []any{tr.space, a.Path()}}
	if tr.each {
		from = condition{"EXISTS (SELECT 1 FROM scim_values v WHERE v.rid = r.rid AND v.path = ? AND ", []any{a.Path()}}
	}
	column := "v.sort"
	if top(a).Name == membersName && membersOf(tr.typ) != nil {
		if a.Name != "value" && a.Parent() != nil {
			return condition{}, false
		}
		from, column = condition{"r.rid IN (SELECT v.rid FROM scim_members v WHERE v.space = ? AND ", []any{tr.space}}, "v.name"
		if tr.each {
			from = condition{sql: "EXISTS (SELECT 1 FROM scim_members v WHERE v.rid = r.rid AND "}
		}
		if a.Parent() == nil {
			column = "'1'"
		}
	}
	return tr.some(a, column, e, func(c condition) condition {
		return condition{from.sql + c.sql + ")", append(from.args[:len(from.args):len(from.args)], c.args...)}
	})
}

// simple gives what is compared: of a complex attribute its value, or its own row if it is only asked for presence.
func simple(a *scim.Attribute, e *filter.AttributeExpression) (*scim.Attribute, *filter.AttributeExpression) {
	if a.Type == scim.Complex && e.Operator != filter.PR && e.CompareValue != nil {
		return a.Sub("value"), e
	}
	return a, e
}

func top(a *scim.Attribute) *scim.Attribute {
	for a.Parent() != nil {
		a = a.Parent()
	}
	return a
}

// some translates a comparison of any of several values, each in a column; within puts a condition on one of them into one on
// the resource or the value that has them. What is not equal has no such value, or another.
func (tr *translator) some(a *scim.Attribute, column string, e *filter.AttributeExpression, within func(condition) condition) (condition, bool) {
	present := within(condition{sql: column + " <> ''"})
	switch {
	case e.Operator == filter.PR, e.Operator == filter.NE && e.CompareValue == nil:
		return present, true
	case e.Operator == filter.EQ && e.CompareValue == nil:
		return not(present), true
	}
	c, ok := tr.compare(a, column, e, false)
	if !ok {
		return condition{}, false
	}
	if e.Operator == filter.NE {
		return both(within(c), "OR", not(within(condition{sql: "1 = 1"}))), true
	}
	return within(c), true
}

// compare translates the comparison of one value in a column. With always the column is never without a value.
func (tr *translator) compare(a *scim.Attribute, column string, e *filter.AttributeExpression, always bool) (condition, bool) {
	if e.Operator == filter.PR || e.CompareValue == nil {
		yes := e.Operator == filter.PR || e.Operator == filter.NE
		if !always || !yes && e.Operator != filter.EQ {
			return condition{}, false
		}
		return condition{sql: map[bool]string{true: "1 = 1", false: "1 = 0"}[yes]}, true
	}
	key, ok := literal(a, e.CompareValue)
	if !ok {
		return condition{}, false
	}
	text := a.Type != scim.Boolean && a.Type != scim.DateTime
	start := key
	if r := []rune(key); len(r) > indexed {
		start = string(r[:indexed])
	}
	short := "substr(" + column + ", 1, 200)"
	switch e.Operator {
	case filter.EQ:
		switch {
		case !strings.HasSuffix(column, ".sort"):
			return condition{column + " = ?", []any{key}}, true
		case start == key && len([]rune(key)) < indexed:
			return condition{short + " = ?", []any{key}}, true
		}
		return condition{"(" + short + " = ? AND " + column + " = ?)", []any{start, key}}, true
	case filter.NE:
		return condition{column + " <> ?", []any{key}}, true
	case filter.CO:
		return condition{tr.store.db.find() + "(" + column + ", ?) > 0", []any{key}}, text
	case filter.SW:
		if !strings.HasSuffix(column, ".sort") {
			return condition{"substr(" + column + ", 1, length(?)) = ?", []any{key, key}}, text
		}
		return condition{"(" + short + " >= ? AND " + short + " < ? AND substr(" + column + ", 1, length(?)) = ?)", []any{start, start + "\U0010FFFF", key, key}}, text
	case filter.EW:
		return condition{"(length(" + column + ") >= length(?) AND substr(" + column + ", length(" + column + ") - length(?) + 1) = ?)", []any{key, key, key}}, text
	}
	op, ok := map[filter.CompareOperator]string{filter.GT: ">", filter.GE: ">=", filter.LT: "<", filter.LE: "<="}[e.Operator]
	return condition{column + " " + op + " ?", []any{key}}, ok && a.Type != scim.Boolean && a.Type != scim.Binary
}

// indexed is how many characters of a value the index has.
const indexed = 200

// find is the function that gives the place of a text in another.
func (d *DB) find() string {
	if d.dialect == PostgreSQL {
		return "strpos"
	}
	return "instr"
}

// literal gives the sort key of the value of a comparison; false for those whose order is not that of their keys.
func literal(a *scim.Attribute, v any) (string, bool) {
	switch a.Type {
	case scim.Boolean:
		switch b := strings.ToLower(fmt.Sprint(v)); b {
		case "true", "false":
			return b, true
		}
		return "", false
	case scim.DateTime:
		s, ok := v.(string)
		if !ok {
			return "", false
		}
		return parseTime(s)
	case scim.Integer, scim.Decimal, scim.Complex:
		return "", false
	}
	s, ok := v.(string)
	return a.Key(s), ok && !strings.ContainsRune(s, 0)
}
