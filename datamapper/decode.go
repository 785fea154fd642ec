package datamapper

import (
	"errors"
	"maps"
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
	warned  Mistakes
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
		d.mistake(d.placeOf(n, e), "%s", e.Message)
	}
}

// placeOf gives the place of an error in the expression in n.
func (d *decoder) placeOf(n *node, e *expression.Error) place {
	p, ok := d.places[e.Node]
	if !ok {
		p = n.place
		if n.locate != nil && e.Node == nil {
			p = n.locate(e.Offset)
		}
	}
	return p
}

// warnings keeps those of an expression in n.
func (d *decoder) warnings(n *node, errs expression.Errors) {
	for _, e := range errs {
		p := d.placeOf(n, e)
		d.warned = append(d.warned, &Mistake{d.file, p.line, p.column, e.Message})
	}
}

// root decodes a whole file.
func (d *decoder) root(n *node) *Mapping {
	f := d.fields(n, "a rules file", rootFields...)
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
	d.createOnly(m)
	m.warnings = d.warned.sorted()
	if len(d.mistakes) == 0 {
		d.tests(m, f["tests"])
	}
	return m
}

// createOnly collects the attributes that are written only at first. What a reconciler knows of them are names, so
// that one name cannot be both.
func (d *decoder) createOnly(m *Mapping) {
	names := map[string]bool{}
	for _, k := range m.kinds {
		for _, r := range k.rules {
			if r.createOnly {
				names[r.target] = true
			}
		}
	}
	for _, k := range m.kinds {
		for _, r := range k.rules {
			if names[r.target] && !r.createOnly {
				d.mistake(r.place, "%s has apply: create for another kind, and that holds for all kinds; write it here too", r.target)
			}
		}
	}
	m.createOnly = slices.Sorted(maps.Keys(names))
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
