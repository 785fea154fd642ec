package ldapsource

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ilumy/usersync/ldapsource/internal/dn"
	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/table"
	"github.com/ilumy/usersync/provisioning"
)

// A view is what is known of a directory before its first record is given: which name belongs to which record, and who
// is in which group through others. It must be closed.
type view struct {
	options *Options
	rules   *rules
	scope   *scope
	index   *index
	graph   *graph
	allowed *table.Table // those in scope by membership; nil: everybody
	named   bool         // the index has all names
	form    []byte
}

// A lister gives the entries of some kinds to f, with these attributes at least. It may give an entry twice.
type lister func(kinds []int, attributes []string, f func(e *entry.Entry, kind int) error) error

// memory says where what does not fit into memory goes.
func (o *Options) memory() table.Options { return table.Options{Dir: o.TempDir} }

// newView learns what the options need to know, and all names when asked to. The index keeps what will be asked of it.
func newView(o *Options, r *rules, s *scope, keeps keeps, names bool, list lister) (*view, error) {
	if o.needsGraph() {
		keeps |= keepsNames
	}
	v := &view{options: o, rules: r, scope: s, index: newIndex(r.order, keeps, o.memory())}
	if err := v.learn(names, list); err != nil {
		v.close()
		return nil, err
	}
	return v, nil
}

func (v *view) learn(names bool, list lister) error {
	group := v.rules.kindNumber(provisioning.Group)
	if v.options.needsGraph() && group < 0 {
		return fmt.Errorf("MemberOf, Nested and PrimaryGroups need a filter for kind %s", provisioning.Group)
	}
	if v.options.needsGraph() {
		if err := v.learnGraph(group, list); err != nil {
			return err
		}
	}
	if names || v.options.Nested || v.options.PrimaryGroups {
		if err := v.learnNames(list); err != nil {
			return err
		}
	}
	return v.err()
}

// close removes what is in files.
func (v *view) close() {
	v.index.close()
	if v.graph != nil {
		v.graph.log.Close()
	}
	if v.allowed != nil {
		v.allowed.Close()
	}
}

// err gives an error of the files, after which nothing that was found, or not found, counts.
func (v *view) err() error {
	err := v.index.err()
	if v.graph != nil {
		err = errors.Join(err, v.graph.log.Err())
	}
	if v.allowed != nil {
		err = errors.Join(err, v.allowed.Err())
	}
	return err
}

// needsGraph reports whether all groups must be known first.
func (o *Options) needsGraph() bool { return o.Nested || o.PrimaryGroups || len(o.MemberOf) > 0 }

// learnGraph reads all groups, in scope or not, and who has which for a primary one.
func (v *view) learnGraph(group int, list lister) error {
	v.graph = newGraph(v.index, v.options.memory())
	attributes := []string{v.rules.ID, "objectSid", "groupType", v.rules.Version}
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
	var keys []table.Key
	for _, name := range v.options.MemberOf {
		form, err := dn.Fold(name)
		key := v.index.key([]byte(form))
		if _, ok := v.graph.members[key]; !ok || err != nil {
			return fmt.Errorf("%w: MemberOf: there is no group %s", provisioning.ErrNotFound, name)
		}
		keys = append(keys, key)
	}
	v.allowed = v.graph.within(nil, keys...)
	if v.graph.missed {
		return fmt.Errorf("MemberOf: %w", errForeignGroup)
	}
	return nil
}

// learnNames reads the names of all records in scope.
func (v *view) learnNames(list lister) error {
	v.named = true
	return list(v.rules.numbers(), v.nameAttributes(), func(e *entry.Entry, k int) error {
		v.takeName(e, k)
		return nil
	})
}

// nameAttributes are those by which records are found.
func (v *view) nameAttributes() []string { return append([]string{v.rules.ID}, v.rules.by...) }

// takeName takes an entry into the index when it is in scope.
func (v *view) takeName(e *entry.Entry, k int) {
	id, err := v.rules.id(e)
	if err != nil || !v.holds(e, k) {
		return
	}
	v.index.add(v.form, k, id)
	for _, attribute := range v.rules.by {
		for _, value := range e.Get(attribute) {
			v.index.addValue(attribute, value, k, id)
		}
	}
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
	return v.fold(e) && v.holdsFolded(e, kind)
}

// holdsFolded is holds after fold.
func (v *view) holdsFolded(e *entry.Entry, kind int) bool {
	return v.scope.holds(v.form) && (v.admits(v.form, kind) || v.admitsValue(e))
}

// admits reports whether somebody with this form of the name is in scope by membership.
func (v *view) admits(form []byte, kind int) bool {
	return v.allowed == nil || v.rules.order[kind] == provisioning.Group || v.allowed.Has(v.index.key(form))
}

// admitsValue reports whether somebody is in scope by a group that names its members by the value of an attribute.
func (v *view) admitsValue(e *entry.Entry) bool {
	for _, attribute := range v.rules.by {
		for _, value := range e.Get(attribute) {
			if v.allowed.Has(v.index.valueKey(attribute, value)) {
				return true
			}
		}
	}
	return false
}

// finish completes the members of a group.
func (v *view) finish(rec *provisioning.Record, e *entry.Entry) error {
	direct, ok := rec.Refs[membersName]
	if !ok || rec.Kind != provisioning.Group || !v.options.Nested && !v.options.PrimaryGroups {
		return v.err()
	}
	v.fold(e)
	key := v.index.key(v.form)
	all := []provisioning.Ref{}
	add := func(m table.Key) {
		if ref, ok := v.index.ref(m); ok && (ref.Kind != provisioning.Group || !v.options.Nested) {
			all = append(all, ref)
		}
	}
	if v.options.Nested {
		seen := v.graph.within(add, key)
		defer seen.Close()
		if len(v.rules.by) > 0 {
			all = unique(all)
		}
		rec.Refs[membersName] = all
		if v.graph.missed {
			return &heldError{errForeignGroup}
		}
		return errors.Join(seen.Err(), v.err())
	}
	seen := table.New(0, v.options.memory()) // a read that began again saw some of them twice
	defer seen.Close()
	v.graph.primary[key].all(v.graph.log, func(m table.Key) bool {
		if !seen.Has(m) {
			seen.Put(m, nil)
			add(m)
		}
		return true
	})
	rec.Refs[membersName] = append(direct, all...)
	return errors.Join(seen.Err(), v.err())
}
