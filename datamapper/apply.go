package datamapper

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ilumy/usersync/datamapper/expression"
	"github.com/ilumy/usersync/provisioning"
)

// fill gives the environment the values of a record.
func (k *kindRules) fill(env *expression.Env, src *provisioning.Record) {
	env.SetAll(src.Attributes)
	var room [8]string
	wanted := room[:0] // all before the first is set, since which one counts of names that differ in case is for Set to say
	for name := range src.Refs {
		if env.Wants(name) {
			wanted = append(wanted, name)
		}
	}
	for _, name := range wanted {
		ids := make([]string, len(src.Refs[name]))
		for i, ref := range src.Refs[name] {
			ids[i] = string(ref.ID)
		}
		env.Set(name, ids)
	}
	for _, name := range k.implied {
		if !env.Wants(name) {
			continue
		}
		switch name {
		case "id":
			env.Set(name, nonEmpty(string(src.ID)))
		case "externalId":
			env.Set(name, nonEmpty(string(src.ExternalID)))
		case "active":
			env.Set(name, []string{strconv.FormatBool(!src.Disabled)})
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

// attributes applies the rules of attributes. The values of those that have one come into single.
func (m *Mapping) attributes(k *kindRules, env *expression.Env, out provisioning.Attributes, single []string, held *heldError) {
	for _, r := range k.rules {
		s := r.prog.Single(env)
		if s == "" {
			v, o, err := r.eval(env)
			switch {
			case err != nil:
				held.add(m.ruleError(r.target, r.place, err))
				continue
			case o == erase:
				out[r.target] = []string{}
				continue
			case o == keep:
				continue
			case v.Kind() == expression.List:
				out[r.target] = v.Values()
				continue
			}
			s = v.Simple()
		}
		n := len(single)
		single = append(single, s)
		out[r.target] = single[n : n+1 : n+1]
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
		first := "" // of several the first in the order of characters, as for attributes
		for name, other := range src.Refs {
			if strings.EqualFold(name, r.from) && (!ok || name < first) {
				refs, ok, first = other, true, name
			}
		}
	}
	if len(refs) > 0 && !r.seen.Load() {
		r.seen.Store(true)
	}
	switch {
	case len(refs) == 0 && r.onEmpty == hold:
		return nil, hold, fmt.Errorf("a reference is required, and %s has none", r.from)
	case ok:
		return refs, give, nil
	}
	return nil, r.onEmpty, nil
}
