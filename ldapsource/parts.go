package ldapsource

import (
	"context"
	"strings"

	"github.com/ilumy/usersync/ldapsource/internal/entry"
)

// openEntry is a large entry that comes in parts, without its long references, which are resolved part by part.
type openEntry struct {
	entry.Entry
	failed error
}

// gather takes a part of an entry, and gives the whole when this was the last: with all but the references that the shape
// has resolved, and with what failed meanwhile. An error without an entry ends the read.
func (p *pass) gather(ctx context.Context, e *entry.Entry) (*entry.Entry, error) {
	if !e.Continues {
		p.open = nil
		p.shape.forget() // what is left of an entry that was broken off
		if !e.More {
			return e, nil
		}
		p.open = &openEntry{Entry: entry.Entry{DN: e.DN}}
	}
	if p.open == nil { // the rest of one that is of no interest
		return nil, nil
	}
	open := p.open
	for i := range e.Attributes {
		a := &e.Attributes[i]
		c := p.shape.column(a.Name)
		if !c.long() {
			open.add(a)
			continue
		}
		if open.failed != nil {
			continue
		}
		if err := p.learn(ctx, c.ref, a.Values); err != nil {
			if p.endsRead(ctx, err) {
				return nil, err
			}
			open.failed = err
			continue
		}
		p.shape.takeEarly(c.ref, a.Values)
	}
	if e.More {
		return nil, nil
	}
	p.open = nil
	return &open.Entry, open.failed
}

// add adds values of an attribute.
func (o *openEntry) add(a *entry.Attribute) {
	for i := range o.Attributes {
		if strings.EqualFold(o.Attributes[i].Name, a.Name) {
			o.Attributes[i].Values = append(o.Attributes[i].Values, a.Values...)
			return
		}
	}
	o.Attributes = append(o.Attributes, entry.Attribute{Name: a.Name, Values: append([]string(nil), a.Values...)})
}
