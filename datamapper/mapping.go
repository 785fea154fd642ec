package datamapper

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/ilumy/usersync/datamapper/expression"
	"github.com/ilumy/usersync/provisioning"
)

// A Mapping applies the rules of a file. It is safe for concurrent use.
type Mapping struct {
	name        string
	kinds       map[provisioning.Kind]*kindRules
	fingerprint string
	createOnly  []string
	warnings    Mistakes
}

// kindRules are the rules of one kind.
type kindRules struct {
	kind       provisioning.Kind
	scope      *expression.Scope
	inScope    *condition // nil: all
	disabled   *condition // nil: as the source says
	key        *rule      // nil: the ID
	validFrom  *rule      // nil: as the source says
	validUntil *rule
	rules      []*rule
	refs       []refRule
	implied    []string // those that the rules read
	letPlaces  []place
}

// A refRule takes references over.
type refRule struct {
	target, from string
	place        place
	onEmpty      outcome
	seen         *atomic.Bool // a record had it
}

// implied are the names that every record has for rules, unless it has attributes of these names.
var implied = []string{"id", "externalId", "active"}

// Map makes the record that the target shall have. It gives [provisioning.SkipRecord] for one that is out of
// scope. Any other error holds the record: it names all rules concerned, each as a [*RuleError], and no values.
func (m *Mapping) Map(src *provisioning.Record) (*provisioning.Record, error) {
	k := m.kinds[src.Kind]
	if k == nil {
		return nil, fmt.Errorf("%s has no rules for records of kind %s", m.name, src.Kind)
	}
	env := k.scope.Env()
	defer env.Release()
	k.fill(env, src)
	if k.inScope != nil {
		ok, err := k.inScope.test(env)
		if err != nil {
			return nil, m.ruleError(k.inScope.name, k.inScope.place, err)
		}
		if !ok {
			return nil, provisioning.SkipRecord
		}
	}
	out, single := newRecord(len(k.rules))
	out.Kind, out.Disabled, out.ValidFrom, out.ValidUntil = src.Kind, src.Disabled, src.ValidFrom, src.ValidUntil
	var held heldError
	m.state(k, env, out, &held)
	if len(k.rules) > 0 {
		out.Attributes = make(provisioning.Attributes, len(k.rules))
		m.attributes(k, env, out.Attributes, single, &held)
	}
	if len(k.refs) > 0 {
		out.Refs = make(provisioning.Refs, len(k.refs))
		m.references(k, src, out.Refs, &held)
	}
	if held != nil {
		return nil, held
	}
	return out, nil
}

// newRecord gives a record, and room for the values of so many attributes that have one: few are made together with it.
func newRecord(rules int) (*provisioning.Record, []string) {
	if rules < 8 || rules > 16 {
		return &provisioning.Record{}, make([]string, 0, rules)
	}
	made := &struct {
		record provisioning.Record
		single [16]string
	}{}
	return &made.record, made.single[:0]
}

func isImplied(name string) bool {
	return slices.ContainsFunc(implied, func(i string) bool { return strings.EqualFold(i, name) })
}

// Kinds gives, sorted, the kinds that there are rules for.
func (m *Mapping) Kinds() []provisioning.Kind {
	var kinds []provisioning.Kind
	for kind := range m.kinds {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	return kinds
}

// Attributes gives, sorted, the names of the attributes and references of the source that the rules of a kind read,
// conditions included, so that a source need not read others.
func (m *Mapping) Attributes(kind provisioning.Kind) []string {
	k := m.kinds[kind]
	if k == nil {
		return nil
	}
	names := slices.DeleteFunc(k.scope.Attributes(), isImplied)
	for _, r := range k.refs {
		if !slices.ContainsFunc(names, func(s string) bool { return strings.EqualFold(s, r.from) }) {
			names = append(names, r.from)
		}
	}
	slices.Sort(names)
	return names
}

// Unseen gives, sorted, the attributes and references that the rules of a kind read and that none of the records mapped so far
// had a value for. After a whole read of the source these are misspelled, or not there for us to read, or really empty.
func (m *Mapping) Unseen(kind provisioning.Kind) []string {
	k := m.kinds[kind]
	if k == nil {
		return nil
	}
	names := slices.DeleteFunc(k.scope.Unseen(), isImplied)
	for _, r := range k.refs {
		if !r.seen.Load() && !slices.ContainsFunc(names, func(s string) bool { return strings.EqualFold(s, r.from) }) {
			names = append(names, r.from)
		}
	}
	slices.Sort(names)
	return names
}

// Targets gives, sorted, the names of the attributes and references of the target that the rules of a kind write.
func (m *Mapping) Targets(kind provisioning.Kind) []string {
	k := m.kinds[kind]
	if k == nil {
		return nil
	}
	var names []string
	for _, r := range k.rules {
		names = append(names, r.target)
	}
	for _, r := range k.refs {
		names = append(names, r.target)
	}
	slices.Sort(names)
	return names
}

// CreateOnly gives, sorted, the attributes whose rules have apply: create, for [provisioning.Policy].
func (m *Mapping) CreateOnly() []string { return slices.Clone(m.createOnly) }

// Warnings are what is allowed and yet hardly meant: conditions that hold records without a value, names that are not
// used.
func (m *Mapping) Warnings() Mistakes { return slices.Clone(m.warnings) }

// Fingerprint changes when the rules do. Comments, order and the way in which a text is quoted do not count.
func (m *Mapping) Fingerprint() string { return m.fingerprint }

var _ provisioning.Mapper = (*Mapping)(nil)
