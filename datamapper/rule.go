package datamapper

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ilumy/usersync/datamapper/expression"
)

// An outcome is what becomes of an attribute for which a rule has no value.
type outcome uint8

const (
	keep  outcome = iota // it is left alone
	erase                // its values are removed
	hold                 // the record is held
	give                 // it has a value
)

var outcomes = map[string]outcome{"keep": keep, "clear": erase, "hold": hold}

// A rule gives the values of one attribute.
type rule struct {
	target     string
	place      place
	node       expression.Node
	prog       *expression.Program
	fallback   *expression.Value // when there is none
	onEmpty    outcome
	createOnly bool
}

// rule decodes the rule n for the attribute target.
func (d *decoder) rule(target string, n *node, onEmpty outcome) *rule {
	r := &rule{target: target, place: n.place, onEmpty: onEmpty}
	if n.kind == scalar {
		r.node = d.attribute(n)
		return r
	}
	f := d.fields(n, "a rule", ruleFields...)
	if f == nil {
		return nil
	}
	r.node = d.form(n, f)
	if def := f["default"]; def != nil {
		if fallback, ok := d.constant(def).(*expression.Literal); ok {
			r.fallback = &fallback.Value
		}
		if f["onEmpty"] != nil || f["required"] != nil {
			d.mistake(def.place, "default says what an empty value becomes, and so does %s; keep one of them", which(f, "onEmpty", "required"))
		}
		if f["switch"] != nil {
			r.fallback = nil
		}
	}
	if apply := f["apply"]; apply != nil {
		if r.createOnly = apply.text == "create"; !r.createOnly && apply.text != "always" {
			d.mistake(apply.place, "apply is always, or create (only when the record is made), not %q", apply.text)
		}
	}
	switch {
	case f["required"] != nil && f["onEmpty"] != nil:
		d.mistake(f["required"].place, "required is the same as onEmpty: hold; keep one of them")
	case f["required"] != nil:
		if d.boolean(f["required"], "required") {
			r.onEmpty = hold
		}
	case f["onEmpty"] != nil:
		r.onEmpty = d.onEmpty(f["onEmpty"])
	}
	return r
}

// eval decides what becomes of the attribute: give, with the value, or keep or erase. What holds the record is
// an error.
func (r *rule) eval(env *expression.Env) (expression.Value, outcome, error) {
	v, err := r.prog.Eval(env)
	switch {
	case err != nil:
		return v, hold, err
	case v.Kind() == expression.Ignore:
		return v, keep, nil
	case v.Kind() == expression.Clear:
		return v, erase, nil
	case !v.Empty():
		return v, give, nil
	case r.fallback != nil && r.fallback.Kind() == expression.Clear:
		return v, erase, nil
	case r.fallback != nil:
		return *r.fallback, give, nil
	case r.onEmpty == hold:
		return v, hold, r.missing()
	}
	return v, r.onEmpty, nil
}

// missing is the error of a rule that must give a value and has none.
func (r *rule) missing() error {
	if reads := r.prog.Reads(); len(reads) > 0 {
		return fmt.Errorf("a value is required, and %s gives none", strings.Join(reads, ", "))
	}
	return errors.New("a value is required, and there is none")
}

func which(f map[string]*node, names ...string) string {
	for _, name := range names {
		if f[name] != nil {
			return name
		}
	}
	return ""
}

// onEmpty decodes keep, clear or hold.
func (d *decoder) onEmpty(n *node) outcome {
	o, ok := outcomes[n.text]
	if n.kind != scalar || !ok {
		d.mistake(n.place, "onEmpty is keep (leave the attribute alone), clear (remove its values) or hold (leave the whole record alone), not %q", n.text)
	}
	return o
}

// form decodes the one form that a rule has.
func (d *decoder) form(n *node, f map[string]*node) expression.Node {
	var found []string
	for _, name := range forms {
		if f[name] != nil {
			found = append(found, name)
		}
	}
	if len(found) != 1 {
		if len(found) == 0 && len(f) < len(n.fields) {
			return nil // a mistake in the fields is told already
		} else if len(found) == 0 {
			d.mistake(n.place, "a rule needs one of %s", strings.Join(forms, ", "))
		} else {
			d.mistake(n.place, "a rule has one of %s, and this one has %s", strings.Join(forms, ", "), strings.Join(found, " and "))
		}
		return nil
	}
	if f["table"] != nil && found[0] != "switch" {
		d.mistake(f["table"].place, "table belongs to switch, and this rule has %s", found[0])
	}
	value := f[found[0]]
	switch found[0] {
	case "from":
		return d.attribute(value)
	case "value":
		return d.constant(value)
	case "template":
		return d.template(value)
	case "first":
		return d.first(value)
	case "switch":
		return d.table(value, f["table"], f["default"])
	}
	return d.expression(value)
}

func (d *decoder) attribute(n *node) expression.Node {
	if n.kind != scalar || n.text == "" {
		d.mistake(n.place, "the name of a source attribute is expected, not %s", n.kind)
		return nil
	}
	return d.at(expression.NewAttribute(n.text), n, true)
}

// constant decodes a text or a list of texts; an empty list removes the values of the target.
func (d *decoder) constant(n *node) expression.Node {
	if n.kind == scalar && n.text == "" {
		d.mistake(n.place, "an empty text is no value; write [] to remove the target's values, or leave the rule out")
		return nil
	}
	texts := d.texts(n, "a value")
	switch {
	case texts == nil:
		return nil
	case len(texts) == 0:
		return expression.NewClear()
	case n.kind == scalar:
		return expression.NewText(texts[0])
	}
	return expression.NewList(texts)
}

// quotes is a hint for who wrote a bracket or brace first, which YAML takes for a list or mapping.
func quotes(n *node) string {
	if n.kind == list || n.kind == mapping {
		return "; put it in quotes"
	}
	return ""
}

func (d *decoder) template(n *node) expression.Node {
	if n.kind != scalar {
		d.mistake(n.place, "template is a text such as \"{givenName} {sn}\", not %s%s", n.kind, quotes(n))
		return nil
	}
	t, err := expression.ParseTemplate(n.text)
	if err != nil {
		d.expressionErrors(n, err)
		return nil
	}
	return d.at(t, n, false)
}

func (d *decoder) expression(n *node) expression.Node {
	if n.kind != scalar {
		d.mistake(n.place, "expression is a text such as 'Join(\" \", [givenName], [sn])', not %s%s", n.kind, quotes(n))
		return nil
	}
	e, err := expression.Parse(n.text)
	if err != nil {
		d.expressionErrors(n, err)
		return nil
	}
	return d.at(e, n, false)
}

func (d *decoder) first(n *node) expression.Node {
	if n.kind != list || len(n.items) == 0 {
		d.mistake(n.place, "first is a list of attributes or rules, as [mail, userPrincipalName], not %s", n.kind)
		return nil
	}
	var nodes []expression.Node
	for _, item := range n.items {
		if node := d.value(item); node != nil {
			nodes = append(nodes, node)
		}
	}
	return expression.NewFirst(nodes...)
}

// value decodes the name of an attribute, or a form within another.
func (d *decoder) value(n *node) expression.Node {
	if n.kind != mapping {
		return d.attribute(n)
	}
	f := d.fields(n, "a value", valueFields...)
	if f == nil {
		return nil
	}
	node := d.form(n, f)
	if f["default"] != nil && f["switch"] == nil && node != nil {
		return expression.NewFirst(node, d.constant(f["default"]))
	}
	return node
}

// table decodes switch, table and default.
func (d *decoder) table(source, table, fallback *node) expression.Node {
	from := d.value(source)
	if table == nil || table.kind != mapping {
		p := source.place
		if table != nil {
			p = table.place
		}
		d.mistake(p, "switch needs a table of values, as table: {HR: People, IT: Technology}")
		return nil
	}
	args := []expression.Node{from, nil}
	if fallback != nil {
		args[1] = d.constant(fallback)
	}
	for _, entry := range table.fields {
		args = append(args, expression.NewText(entry.key.text), d.constant(entry.value))
	}
	if from == nil {
		return nil
	}
	if len(table.fields) == 0 {
		d.mistake(table.place, "the table is empty")
		return nil
	}
	return d.at(expression.NewCall("Switch", args...), source, true)
}
