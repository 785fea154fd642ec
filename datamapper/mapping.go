package datamapper

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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
}

// A refRule takes references over.
type refRule struct {
	target, from string
	place        place
	onEmpty      outcome
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
	out := &provisioning.Record{Kind: src.Kind, Disabled: src.Disabled, ValidFrom: src.ValidFrom, ValidUntil: src.ValidUntil}
	var held heldError
	m.state(k, env, out, &held)
	if len(k.rules) > 0 {
		out.Attributes = make(provisioning.Attributes, len(k.rules))
		m.attributes(k, env, out.Attributes, &held)
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

// fill gives the environment the values of a record.
func (k *kindRules) fill(env *expression.Env, src *provisioning.Record) {
	env.SetAll(src.Attributes)
	for name, refs := range src.Refs {
		if env.Wants(name) {
			ids := make([]string, len(refs))
			for i, ref := range refs {
				ids[i] = string(ref.ID)
			}
			env.Set(name, ids)
		}
	}
	for _, name := range implied {
		if !env.Wants(name) {
			continue
		}
		switch name {
		case "id":
			env.Set(name, nonEmpty(string(src.ID)))
		case "externalId":
			env.Set(name, nonEmpty(string(src.ExternalID)))
		case "active":
			env.Set(name, []string{fmt.Sprint(!src.Disabled)})
		}
	}
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// state sets what is not an attribute.
func (m *Mapping) state(k *kindRules, env *expression.Env, out *provisioning.Record, held *heldError) {
	var err error
	if c := k.disabled; c != nil {
		out.Disabled, err = c.test(env)
		held.add(m.ruleError(c.name, c.place, err))
	}
	if r := k.key; r != nil {
		out.ExternalID, err = r.id(env)
		held.add(m.ruleError(r.target, r.place, err))
	}
	if r := k.validFrom; r != nil {
		held.add(m.ruleError(r.target, r.place, r.moment(env, &out.ValidFrom, 0)))
	}
	if r := k.validUntil; r != nil {
		held.add(m.ruleError(r.target, r.place, r.moment(env, &out.ValidUntil, 24*time.Hour)))
	}
}

// id gives the value of a key.
func (r *rule) id(env *expression.Env) (provisioning.ID, error) {
	v, o, err := r.eval(env)
	if err != nil {
		return "", err
	}
	key := v.Values()
	switch {
	case o != give || len(key) == 0:
		return "", errors.New("the record has no value, and without it it cannot be told who it is")
	case len(key) > 1:
		return "", errors.New("the record has several values, so that it cannot be told who it is")
	}
	return provisioning.ID(key[0]), nil
}

// moment sets a bound. A day without a time is meant whole: so much is added to it.
func (r *rule) moment(env *expression.Env, to *time.Time, wholeDay time.Duration) error {
	v, o, err := r.eval(env)
	switch {
	case err != nil:
		return err
	case o == keep:
		return nil
	case o == erase:
		*to = time.Time{}
		return nil
	}
	t, day, err := v.Time()
	if err != nil {
		return err
	}
	if day {
		t = t.Add(wholeDay)
	}
	*to = t
	return nil
}

// attributes applies the rules of attributes.
func (m *Mapping) attributes(k *kindRules, env *expression.Env, out provisioning.Attributes, held *heldError) {
	single := make([]string, 0, len(k.rules)) // one allocation for all attributes of one value
	for _, r := range k.rules {
		v, o, err := r.eval(env)
		switch {
		case err != nil:
			held.add(m.ruleError(r.target, r.place, err))
		case o == erase:
			out[r.target] = []string{}
		case o == keep:
		case v.Kind() == expression.List:
			out[r.target] = v.Values()
		default:
			n := len(single)
			single = append(single, v.Simple())
			out[r.target] = single[n : n+1 : n+1]
		}
	}
}

// references applies the rules of references.
func (m *Mapping) references(k *kindRules, src *provisioning.Record, out provisioning.Refs, held *heldError) {
	for i := range k.refs {
		r := &k.refs[i]
		refs, o, err := r.eval(src)
		switch {
		case err != nil:
			held.add(m.ruleError(r.target, r.place, err))
		case o != keep:
			out[r.target] = append([]provisioning.Ref{}, refs...)
		}
	}
}

// eval decides what becomes of references. Those that the source has, be they none, are taken over; when it does not
// have the name nothing is known of them.
func (r *refRule) eval(src *provisioning.Record) ([]provisioning.Ref, outcome, error) {
	refs, ok := src.Refs[r.from]
	if !ok {
		for name, other := range src.Refs {
			if strings.EqualFold(name, r.from) {
				refs, ok = other, true
			}
		}
	}
	switch {
	case len(refs) == 0 && r.onEmpty == hold:
		return nil, hold, fmt.Errorf("a reference is required, and %s has none", r.from)
	case ok:
		return refs, give, nil
	}
	return nil, r.onEmpty, nil
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
	names := slices.DeleteFunc(k.scope.Attributes(), func(s string) bool {
		return slices.ContainsFunc(implied, func(i string) bool { return strings.EqualFold(i, s) })
	})
	for _, r := range k.refs {
		if !slices.ContainsFunc(names, func(s string) bool { return strings.EqualFold(s, r.from) }) {
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
