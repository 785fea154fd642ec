package ldapsource

import (
	"fmt"
	"slices"

	"github.com/ilumy/usersync/ldapsource/internal/dn"
	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/provisioning"
)

// A view is what is known of a directory before its first record is given: which name belongs to which record, and who
// is in which group through others.
type view struct {
	options *Options
	rules   *rules
	scope   *scope
	index   *index
	graph   *graph
	allowed map[nameKey]bool // those in scope by membership; nil: everybody
	named   bool             // the index has all names
	form    []byte
}

// A lister gives the entries of some kinds to f, with these attributes at least. It may give an entry twice.
type lister func(kinds []int, attributes []string, f func(e *entry.Entry, kind int) error) error

// newView learns what the options need to know, and all names when asked to.
func newView(o *Options, r *rules, s *scope, names bool, list lister) (*view, error) {
	v := &view{options: o, rules: r, scope: s, index: newIndex(r.order)}
	group := r.kindNumber(provisioning.Group)
	if o.needsGraph() && group < 0 {
		return nil, fmt.Errorf("MemberOf, Nested and PrimaryGroups need a filter for kind %s", provisioning.Group)
	}
	if o.needsGraph() {
		if err := v.learnGraph(group, list); err != nil {
			return nil, err
		}
	}
	if names || o.Nested || o.PrimaryGroups {
		if err := v.learnNames(list); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// needsGraph reports whether all groups must be known first.
func (o *Options) needsGraph() bool { return o.Nested || o.PrimaryGroups || len(o.MemberOf) > 0 }

// learnGraph reads all groups, in scope or not, and who has which for a primary one.
func (v *view) learnGraph(group int, list lister) error {
	v.graph = newGraph(v.index)
	attributes := []string{v.rules.ID, "objectSid", v.rules.Version}
	for _, ref := range v.rules.References {
		if ref.Name == membersName {
			attributes = append(attributes, ref.Attribute)
		}
	}
	err := list([]int{group}, attributes, func(e *entry.Entry, _ int) error {
		if v.fold(e) {
			v.graph.addGroup(v.form, e, v.rules)
		}
		return nil
	})
	if err == nil && v.options.PrimaryGroups {
		others := slices.DeleteFunc(v.rules.numbers(), func(k int) bool { return k == group })
		err = list(others, []string{v.rules.ID, "objectSid", "primaryGroupID"}, func(e *entry.Entry, _ int) error {
			if v.fold(e) {
				v.graph.addPrimary(v.form, e)
			}
			return nil
		})
	}
	if err != nil || len(v.options.MemberOf) == 0 {
		return err
	}
	return v.restrict()
}

// restrict works out who is in the groups that the scope names.
func (v *view) restrict() error {
	var keys []nameKey
	for _, name := range v.options.MemberOf {
		form, err := dn.Fold(name)
		key := v.index.key([]byte(form))
		if _, ok := v.graph.members[key]; !ok || err != nil {
			return fmt.Errorf("%w: MemberOf: there is no group %s", provisioning.ErrNotFound, name)
		}
		keys = append(keys, key)
	}
	v.allowed = v.graph.within(keys...)
	return nil
}

// learnNames reads the names of all records in scope.
func (v *view) learnNames(list lister) error {
	v.named = true
	return list(v.rules.numbers(), []string{v.rules.ID}, func(e *entry.Entry, k int) error {
		if id, err := v.rules.id(e); err == nil && v.holds(e, k) {
			v.index.add(v.form, k, id)
		}
		return nil
	})
}

// fold leaves the form of an entry's name in v.form.
func (v *view) fold(e *entry.Entry) bool {
	var err error
	v.form, err = dn.Append(v.form[:0], e.DN)
	return err == nil
}

// holds reports whether an entry of a kind is in scope, and leaves the form of its name in v.form. Groups are in scope
// whoever is their member.
func (v *view) holds(e *entry.Entry, kind int) bool {
	return v.fold(e) && v.scope.holds(v.form) && v.admits(v.form, kind)
}

// admits reports whether somebody with this form of the name is in scope by membership.
func (v *view) admits(form []byte, kind int) bool {
	return v.allowed == nil || v.rules.order[kind] == provisioning.Group || v.allowed[v.index.key(form)]
}

// finish completes the members of a group.
func (v *view) finish(rec *provisioning.Record, e *entry.Entry) {
	direct, ok := rec.Refs[membersName]
	if !ok || rec.Kind != provisioning.Group || !v.options.Nested && !v.options.PrimaryGroups {
		return
	}
	v.fold(e)
	key := v.index.key(v.form)
	if !v.options.Nested {
		seen := map[nameKey]bool{} // a read that began again saw some of them twice
		for _, m := range v.graph.primary[key] {
			if ref, ok := v.index.ref(m); ok && !seen[m] {
				seen[m] = true
				direct = append(direct, ref)
			}
		}
		rec.Refs[membersName] = direct
		return
	}
	all := []provisioning.Ref{}
	for m := range v.graph.within(key) {
		if ref, ok := v.index.ref(m); ok && ref.Kind != provisioning.Group {
			all = append(all, ref)
		}
	}
	rec.Refs[membersName] = all
}
