package ldapsource

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/wire"
	"github.com/ilumy/usersync/provisioning"
)

// parseRange reads an attribute description with a range, "member;range=0-1499" (MS-ADTS section 3.1.1.3.1.3.3). The last
// range of an attribute has no end.
func parseRange(name string) (base string, first, end int, last, ok bool) {
	base, text, found := strings.Cut(name, ";range=")
	if !found {
		return "", 0, 0, false, false
	}
	from, to, dash := strings.Cut(text, "-")
	first, err := strconv.Atoi(from)
	if !dash || err != nil || first < 0 {
		return "", 0, 0, false, false
	}
	if to == "*" {
		return base, first, 0, true, true
	}
	end, err = strconv.Atoi(to)
	return base, first, end, false, err == nil && end >= first
}

// complete replaces attributes of which the server gave only a range by all of their values. Of long references it leaves the
// values to the shape, range by range.
func (p *pass) complete(ctx context.Context, e *entry.Entry) error {
	return p.completeBy(ctx, e, p.shape.wants, func(base string) (func(), func([]string) error) {
		c := p.shape.column(base)
		if !c.long() {
			return nil, nil
		}
		before := len(p.shape.early[c.ref.Name])
		lost := p.shape.dangling[c.ref.Name]
		again := func() {
			if p.shape.early != nil {
				p.shape.early[c.ref.Name] = p.shape.early[c.ref.Name][:before]
			}
			if p.shape.dangling != nil {
				p.shape.dangling[c.ref.Name] = lost
			}
		}
		return again, func(values []string) error {
			err := p.learn(ctx, c.ref, values)
			if err == nil {
				p.shape.takeEarly(c.ref, values)
			}
			return err
		}
	})
}

// completeAll is complete with all values kept.
func (p *pass) completeAll(ctx context.Context, e *entry.Entry, wants func(name string) bool) error {
	return p.completeBy(ctx, e, wants, func(string) (func(), func([]string) error) { return nil, nil })
}

// completeBy gives the values of each attribute that came as a range to a receiver, which may have to begin again; an
// attribute without one gets them itself.
func (p *pass) completeBy(ctx context.Context, e *entry.Entry, wants func(string) bool, receiver func(string) (func(), func([]string) error)) error {
	for i := range e.Attributes {
		base, _, _, _, ok := parseRange(e.Attributes[i].Name)
		if !ok || !wants(base) {
			continue
		}
		again, take := receiver(base)
		var values []string
		if take == nil {
			again = func() { values = nil }
			take = func(some []string) error { values = append(values, some...); return nil }
		}
		if err := p.ranges(ctx, e, e.Attributes[i], again, take); err != nil {
			return fmt.Errorf("attribute %s: %w", base, err)
		}
		for j := range e.Attributes { // it comes without a range too, and then without values
			if strings.EqualFold(e.Attributes[j].Name, base) && len(e.Attributes[j].Values) == 0 {
				e.Attributes[j].Name = ""
			}
		}
		e.Attributes[i] = entry.Attribute{Name: base, Values: values}
	}
	return nil
}

// errMoving says that an entry changed while its ranges were read, so that a value may have slipped between two of them.
var errMoving = errors.New("the entry changes faster than it can be read")

// ranges gives all values of an attribute of which a range is at hand to take. When the entry changes meanwhile it begins
// again.
func (p *pass) ranges(ctx context.Context, e *entry.Entry, part entry.Attribute, again func(), take func([]string) error) error {
	version := e.First(p.rules.Version)
	for attempts := 0; attempts < 4; attempts++ {
		again()
		for n := 0; ; {
			base, first, _, last, ok := parseRange(part.Name)
			if !ok || first != n || !last && len(part.Values) == 0 {
				return fmt.Errorf("%w: asked for values from number %d, the server gave %q", ErrIncomplete, n, part.Name)
			}
			if err := take(part.Values); err != nil {
				return err
			}
			n += len(part.Values)
			if last {
				return nil
			}
			now, next, err := p.nextRange(ctx, e.DN, base, n)
			if err != nil {
				return err
			}
			part = next
			if now != version {
				version = now
				if _, part, err = p.nextRange(ctx, e.DN, base, 0); err != nil {
					return err
				}
				break
			}
		}
	}
	return errMoving
}

// nextRange reads the values from a number on, as many as the server gives, and the entry's version.
func (p *pass) nextRange(ctx context.Context, name, base string, from int) (version string, part entry.Attribute, err error) {
	req := wire.Request{Base: name, Scope: ldap.ScopeBaseObject, Filter: presentFilter,
		Attributes: []string{fmt.Sprintf("%s;range=%d-*", base, from), p.rules.Version}, Controls: p.controls()}
	found := false
	err = p.ask(ctx, req, func(e *entry.Entry) error {
		found = true
		version = e.First(p.rules.Version)
		part = entry.Attribute{Name: fmt.Sprintf("%s;range=%d-*", base, from)} // there are no more
		for _, a := range e.Attributes {
			if b, _, _, _, ok := parseRange(a.Name); ok && strings.EqualFold(b, base) {
				part = entry.Attribute{Name: a.Name, Values: slices.Clone(a.Values)}
			}
		}
		return nil
	})
	if err == nil && !found {
		err = fmt.Errorf("%w: it is gone", provisioning.ErrNotFound)
	}
	return version, part, err
}
