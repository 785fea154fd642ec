package ldapsource

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"

	"github.com/ilumy/usersync/ldapsource/internal/adtype"
	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/provisioning"
)

// Find gives the records in scope with one of some IDs, or of some values of an attribute. Values are equal as the
// directory has it, which for most attributes is whatever their case. Nobody has an external ID.
func (s *Source) Find(ctx context.Context, l provisioning.Lookup) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		if err := s.find(ctx, l, yield); err != nil && !errors.Is(err, errLeft) {
			yield(nil, fmt.Errorf("ldapsource: finding %s records by %s: %w", l.Kind, l.By, err))
		}
	}
}

func (s *Source) find(ctx context.Context, l provisioning.Lookup, yield func(*provisioning.Record, error) bool) error {
	p, err := s.begin(ctx, l.Kind)
	if err != nil {
		return err
	}
	defer p.end()
	if l.By == provisioning.ByExternalID || len(l.Values) == 0 {
		return nil
	}
	if p.view, err = p.newView(ctx, false); err != nil {
		return err
	}
	k := p.rules.kindNumber(l.Kind)
	for values := l.Values; len(values) > 0; {
		n := min(len(values), 100)
		any := anyOf()
		for _, v := range values[:n] {
			if l.By == provisioning.ByID {
				p.rules.appendID(any, provisioning.ID(v))
			} else if test := p.rules.test(l.By, v); test != nil {
				any.AppendChild(test)
			}
		}
		values = values[n:]
		if len(any.Children) == 0 { // of none that could be
			continue
		}
		req := p.request(k, p.shape.attributes())
		req.Filter = allOf(req.Filter, any)
		err := p.each(ctx, req, func(e *entry.Entry) error {
			if !p.view.holds(e, k) {
				return nil
			}
			return p.give(ctx, e, yield)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// test is a filter for one value as records have it; nil when no entry can have it.
func (r *rules) test(name, value string) *ber.Packet {
	if strings.EqualFold(name, r.ID) {
		any := anyOf()
		r.appendID(any, provisioning.ID(value))
		if len(any.Children) == 0 {
			return nil
		}
		return any
	}
	if r.syntax(strings.ToLower(name)) == GUID {
		g, err := adtype.ParseGUID(value)
		if err != nil {
			return nil
		}
		return equals(name, g.Raw())
	}
	return equals(name, value)
}

var _ provisioning.Finder = (*Source)(nil)
