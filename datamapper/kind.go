package datamapper

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/ilumy/usersync/datamapper/expression"
	"github.com/ilumy/usersync/datamapper/internal/nearest"
	"github.com/ilumy/usersync/provisioning"
)

// kind decodes the rules of one kind.
func (d *decoder) kind(kind provisioning.Kind, n *node, params map[string]string) *kindRules {
	f := d.fields(n, fmt.Sprintf("the mapping of kind %s", kind), kindFields...)
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
			if d.compile(k, *to, f[name]); (*to).createOnly {
				d.mistake(f[name].place, "%s is not an attribute, so that apply: create is not possible", name)
			}
		}
	}
	d.attributes(k, f["attributes"], def)
	d.refs(k, f["refs"])
	for _, name := range implied {
		if k.scope.Reads(name) {
			k.implied = append(k.implied, name)
		}
	}
	if f["let"] != nil {
		d.warnings(f["let"], k.scope.LetWarnings())
	}
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
		k.letPlaces = append(k.letPlaces, entry.key.place)
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
	d.warnings(n, prog.Warnings())
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
		r := refRule{target: entry.key.text, place: entry.key.place, seen: &atomic.Bool{}}
		from := entry.value
		if from.kind == mapping {
			f := d.fields(from, "a rule of references", refFields...)
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
