package datamapper

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ilumy/usersync/datamapper/expression"
	"github.com/ilumy/usersync/datamapper/internal/nearest"
	"github.com/ilumy/usersync/provisioning"
)

// A decoder makes rules of nodes and collects all mistakes.
type decoder struct {
	reader
	options Options
	places  map[expression.Node]place
}

// fields gives the entries of a mapping by key, and reports those that are not among the names.
func (d *decoder) fields(n *node, what string, names ...string) map[string]*node {
	if n.kind != mapping {
		d.mistake(n.place, "%s is a mapping with some of %s, not %s", what, strings.Join(names, ", "), n.kind)
		return nil
	}
	f := map[string]*node{}
	for _, entry := range n.fields {
		if !slices.Contains(names, entry.key.text) {
			hint := nearest.Hint(entry.key.text, names)
			if hint == "" {
				hint = ", only " + strings.Join(names, ", ")
			}
			d.mistake(entry.key.place, "%s has no field %q%s", what, entry.key.text, hint)
			continue
		}
		switch entry.value.kind {
		case nothing:
			d.mistake(entry.key.place, "%s has no value", entry.key.text)
			continue
		case invalid:
			continue
		}
		f[entry.key.text] = entry.value
	}
	return f
}

// texts decodes a text or a list of texts.
func (d *decoder) texts(n *node, what string) []string {
	if n.kind == scalar {
		return []string{n.text}
	}
	if n.kind != list {
		d.mistake(n.place, "%s is a text or a list of texts, not %s", what, n.kind)
		return nil
	}
	texts := []string{}
	for _, item := range n.items {
		if item.kind != scalar {
			d.mistake(item.place, "a text is expected in the list, not %s", item.kind)
			continue
		}
		texts = append(texts, item.text)
	}
	return texts
}

func (d *decoder) boolean(n *node, what string) bool {
	if n.kind != scalar || n.text != "true" && n.text != "false" {
		d.mistake(n.place, "%s is true or false, not %q", what, n.text)
	}
	return n.text == "true"
}

// at remembers where the nodes of an expression stand: each at its own place in the scalar n, or all at its
// beginning.
func (d *decoder) at(e expression.Node, n *node, whole bool) expression.Node {
	expression.Walk(e, func(e expression.Node) {
		if _, ok := d.places[e]; ok {
			return
		}
		d.places[e] = n.place
		if !whole && n.locate != nil {
			d.places[e] = n.locate(e.Offset())
		}
	})
	return e
}

// expressionErrors reports what is wrong with the expression in n.
func (d *decoder) expressionErrors(n *node, err error) {
	var all expression.Errors
	var one *expression.Error
	switch {
	case errors.As(err, &all):
	case errors.As(err, &one):
		all = expression.Errors{one}
	default:
		d.mistake(n.place, "%v", err)
	}
	for _, e := range all {
		p, ok := d.places[e.Node]
		if !ok {
			p = n.place
			if n.locate != nil && e.Node == nil {
				p = n.locate(e.Offset)
			}
		}
		d.mistake(p, "%s", e.Message)
	}
}

// root decodes a whole file.
func (d *decoder) root(n *node) *Mapping {
	f := d.fields(n, "a rules file", "version", "parameters", "users", "groups", "kinds")
	if f == nil {
		return nil
	}
	switch v := f["version"]; {
	case v == nil:
		d.mistake(n.place, "the version of the rules is missing; write version: 1")
	case v.text != "1":
		d.mistake(v.place, "version %q of rules is not known; this is version 1", v.text)
	}
	m := &Mapping{name: d.file, kinds: map[provisioning.Kind]*kindRules{}, fingerprint: n.digest("tests")}
	params := d.parameters(f["parameters"])
	add := func(kind provisioning.Kind, n *node) {
		if n == nil {
			return
		}
		if m.kinds[kind] != nil {
			d.mistake(n.place, "there are rules for kind %s already", kind)
			return
		}
		if k := d.kind(kind, n, params); k != nil {
			m.kinds[kind] = k
		}
	}
	add(provisioning.User, f["users"])
	add(provisioning.Group, f["groups"])
	if kinds := f["kinds"]; kinds != nil {
		if kinds.kind != mapping {
			d.mistake(kinds.place, "kinds is a mapping from the name of a kind to its rules, not %s", kinds.kind)
		}
		for _, entry := range kinds.fields {
			add(provisioning.Kind(entry.key.text), entry.value)
		}
	}
	if len(m.kinds) == 0 && len(d.mistakes) == 0 {
		d.mistake(n.place, "there are no rules; add users or groups")
	}
	return m
}

// parameters decodes the constants of expressions.
func (d *decoder) parameters(n *node) map[string]string {
	params := map[string]string{}
	if n == nil {
		return params
	}
	if n.kind != mapping {
		d.mistake(n.place, "parameters is a mapping from names to texts, not %s", n.kind)
	}
	for _, entry := range n.fields {
		if entry.value.kind != scalar {
			d.mistake(entry.key.place, "parameter %s is a text, not %s", entry.key.text, entry.value.kind)
			continue
		}
		params[entry.key.text] = entry.value.text
	}
	return params
}

// kind decodes the rules of one kind.
func (d *decoder) kind(kind provisioning.Kind, n *node, params map[string]string) *kindRules {
	f := d.fields(n, fmt.Sprintf("the mapping of kind %s", kind), "scope", "disabled", "key", "validFrom", "validUntil", "onEmpty", "let", "attributes", "refs")
	if f == nil {
		return nil
	}
	k := &kindRules{kind: kind, scope: expression.NewScope(&expression.Options{
		Attributes: d.sourceNames(kind), Parameters: params,
	})}
	def := keep
	if f["onEmpty"] != nil {
		def = d.onEmpty(f["onEmpty"])
	}
	d.lets(k, f["let"])
	k.inScope = d.condition(k, f["scope"], "scope")
	k.disabled = d.condition(k, f["disabled"], "disabled")
	for name, to := range map[string]**rule{"key": &k.key, "validFrom": &k.validFrom, "validUntil": &k.validUntil} {
		if f[name] == nil {
			continue
		}
		if *to = d.rule(name, f[name], keep); *to != nil {
			d.compile(k, *to, f[name])
		}
	}
	d.attributes(k, f["attributes"], def)
	d.refs(k, f["refs"])
	if f["attributes"] == nil && f["refs"] == nil {
		d.mistake(n.place, "the mapping of kind %s has neither attributes nor refs", kind)
	}
	return k
}

// sourceNames gives the names that rules of a kind may read, or nil when any is allowed.
func (d *decoder) sourceNames(kind provisioning.Kind) []string {
	names, ok := d.options.Source[kind]
	if !ok {
		return nil
	}
	return append(slices.Clone(names), implied...)
}

// lets decodes the named values.
func (d *decoder) lets(k *kindRules, n *node) {
	if n == nil {
		return
	}
	if n.kind != mapping {
		d.mistake(n.place, "let is a mapping from names to values, not %s", n.kind)
		return
	}
	for _, entry := range n.fields {
		if entry.key.text == "" || strings.ContainsAny(entry.key.text, "[]{}|?\"$%") {
			d.mistake(entry.key.place, "%q cannot be the name of a value", entry.key.text)
			continue
		}
		e := d.value(entry.value)
		if e == nil {
			e = expression.NewText("")
		}
		if err := k.scope.Let(entry.key.text, e); err != nil {
			d.mistake(entry.key.place, "%v", err)
		}
	}
	if err := k.scope.CompileLets(); err != nil {
		d.expressionErrors(n, err)
	}
}

// compile compiles a rule, and reports its mistakes.
func (d *decoder) compile(k *kindRules, r *rule, n *node) {
	if r.node == nil {
		return
	}
	prog, err := k.scope.Compile(r.node)
	if err != nil {
		d.expressionErrors(n, err)
		return
	}
	r.prog = prog
}

// notAttributes are targets that have a place of their own in a record.
var notAttributes = map[string]string{
	"id":         "the target gives IDs itself; leave this rule out",
	"externalid": "the ExternalID is the ID of the source's record, or what key: names beside scope",
	"active":     `whether somebody is active is not an attribute; write disabled: beside scope, as disabled: 'status eq "left"'`,
	"disabled":   `whether somebody is disabled is not an attribute; write disabled: beside scope, as disabled: 'status eq "left"'`,
}

// attributes decodes the rules of attributes.
func (d *decoder) attributes(k *kindRules, n *node, def outcome) {
	if n == nil {
		return
	}
	if n.kind != mapping {
		d.mistake(n.place, "attributes is a mapping from target attributes to rules, not %s", n.kind)
		return
	}
	seen := map[string]string{}
	for _, entry := range n.fields {
		name := entry.key.text
		if !d.target(k, entry.key, seen) {
			continue
		}
		if entry.value.kind == nothing {
			d.mistake(entry.key.place, "%s has no rule; leave it out, or write %[1]s: {value: \"…\"}", name)
			continue
		}
		if r := d.rule(name, entry.value, def); r != nil {
			r.place = entry.key.place
			d.compile(k, r, entry.value)
			k.rules = append(k.rules, r)
		}
	}
}

// target checks the name of a target attribute or reference.
func (d *decoder) target(k *kindRules, key *node, seen map[string]string) bool {
	low := strings.ToLower(key.text)
	if problem := notAttributes[low]; problem != "" {
		d.mistake(key.place, "%s", problem)
		return false
	}
	if was, ok := seen[low]; ok && was != key.text {
		d.mistake(key.place, "%s and %s are the same attribute", was, key.text)
		return false
	}
	seen[low] = key.text
	names, ok := d.options.Target[k.kind]
	if ok && !slices.ContainsFunc(names, func(s string) bool { return strings.EqualFold(s, key.text) }) {
		d.mistake(key.place, "the target has no attribute %q%s", key.text, nearest.Hint(key.text, names))
		return false
	}
	return true
}

// refs decodes the rules of references.
func (d *decoder) refs(k *kindRules, n *node) {
	if n == nil {
		return
	}
	if n.kind != mapping {
		d.mistake(n.place, "refs is a mapping from target references to rules, not %s", n.kind)
		return
	}
	seen := map[string]string{}
	for _, entry := range n.fields {
		if !d.target(k, entry.key, seen) {
			continue
		}
		r := refRule{target: entry.key.text, place: entry.key.place}
		from := entry.value
		if from.kind == mapping {
			f := d.fields(from, "a rule of references", "from", "onEmpty")
			if from = f["from"]; from == nil {
				d.mistake(entry.value.place, "a rule of references needs from, the name of a reference of the source")
				continue
			}
			if f["onEmpty"] != nil {
				r.onEmpty = d.onEmpty(f["onEmpty"])
			}
		}
		if from.kind != scalar {
			d.mistake(from.place, "the name of a reference of the source is expected, not %s", from.kind)
			continue
		}
		r.from = from.text
		if names, ok := d.options.Source[k.kind]; ok && !slices.ContainsFunc(names, func(s string) bool { return strings.EqualFold(s, r.from) }) {
			d.mistake(from.place, "the source has no reference %q%s", r.from, nearest.Hint(r.from, names))
		}
		k.refs = append(k.refs, r)
	}
}
