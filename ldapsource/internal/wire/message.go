package wire

import (
	"fmt"

	"github.com/ilumy/usersync/ldapsource/internal/entry"
)

// A Control is a control of an answer.
type Control struct{ OID, Value string }

// A Message is one answer to a search. Exactly one of Entry, Done, Referrals and Intermediate is set.
type Message struct {
	// Entry is valid until the next message, its strings for ever.
	Entry *entry.Entry
	// Done is the last answer.
	Done *Result
	// Referrals are URLs of parts of the tree that are elsewhere.
	Referrals []string
	// Intermediate is an answer of an extension.
	Intermediate *Intermediate
	Controls     []Control
}

// Control gives the value of a control, and whether it is there.
func (m *Message) Control(oid string) (string, bool) {
	for _, c := range m.Controls {
		if c.OID == oid {
			return c.Value, true
		}
	}
	return "", false
}

// Intermediate is an intermediate response (RFC 4511 section 4.13).
type Intermediate struct{ OID, Value string }

// A Result is an LDAPResult (RFC 4511 section 4.1.9).
type Result struct {
	Code            int
	MatchedDN, Text string
	Referrals       []string
}

// A decoder makes messages. It uses one Entry and its slices again and again.
type decoder struct {
	entry    entry.Entry
	values   []string
	controls []Control
}

// decode reads the content of one LDAPMessage after its ID.
func (d *decoder) decode(content string, m *Message) error {
	*m = Message{}
	p := parser{content}
	tag, op, err := p.next()
	if err != nil {
		return err
	}
	switch tag {
	case tagEntry:
		err = d.decodeEntry(op)
		m.Entry = &d.entry
	case tagDone, tagExtended:
		m.Done, err = decodeResult(op)
	case tagReference:
		m.Referrals, err = decodeStrings(op)
	case tagIntermed:
		m.Intermediate, err = decodeIntermediate(op)
	default:
		err = fmt.Errorf("%w: operation 0x%02x does not answer a search", ErrProtocol, tag)
	}
	if err != nil || !p.more() {
		return err
	}
	list, err := p.expect(tagControls)
	if err != nil {
		return err
	}
	m.Controls, err = d.decodeControls(list)
	return err
}

func (d *decoder) decodeEntry(op string) error {
	d.entry.Attributes, d.values = d.entry.Attributes[:0], d.values[:0]
	p := parser{op}
	var err error
	if d.entry.DN, err = p.expect(tagOctetString); err != nil {
		return err
	}
	list, err := p.expect(tagSequence)
	if err != nil {
		return err
	}
	attributes := parser{list}
	for attributes.more() {
		one, err := attributes.expect(tagSequence)
		if err != nil {
			return err
		}
		a := parser{one}
		name, err := a.expect(tagOctetString)
		if err != nil {
			return err
		}
		set, err := a.expect(tagSet)
		if err != nil {
			return err
		}
		start := len(d.values)
		for values := (parser{set}); values.more(); {
			v, err := values.expect(tagOctetString)
			if err != nil {
				return err
			}
			d.values = append(d.values, v)
		}
		d.entry.Attributes = append(d.entry.Attributes, entry.Attribute{Name: name, Values: d.values[start:len(d.values):len(d.values)]})
	}
	return nil
}

func decodeResult(op string) (*Result, error) {
	p := parser{op}
	code, err := p.expect(tagEnumerated)
	if err != nil {
		return nil, err
	}
	n, err := integer(code)
	if err != nil {
		return nil, err
	}
	r := &Result{Code: int(n)}
	if r.MatchedDN, err = p.expect(tagOctetString); err != nil {
		return nil, err
	}
	if r.Text, err = p.expect(tagOctetString); err != nil {
		return nil, err
	}
	for p.more() {
		tag, content, err := p.next()
		if err != nil {
			return nil, err
		}
		if tag == tagReferral {
			if r.Referrals, err = decodeStrings(content); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

func decodeStrings(content string) ([]string, error) {
	var list []string
	for p := (parser{content}); p.more(); {
		s, err := p.expect(tagOctetString)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	if list == nil {
		return nil, fmt.Errorf("%w: a reference to nowhere", ErrProtocol)
	}
	return list, nil
}

func decodeIntermediate(op string) (*Intermediate, error) {
	i := &Intermediate{}
	for p := (parser{op}); p.more(); {
		tag, content, err := p.next()
		if err != nil {
			return nil, err
		}
		switch tag {
		case tagContext0:
			i.OID = content
		case tagContext1:
			i.Value = content
		}
	}
	return i, nil
}

func (d *decoder) decodeControls(list string) ([]Control, error) {
	d.controls = d.controls[:0]
	for p := (parser{list}); p.more(); {
		one, err := p.expect(tagSequence)
		if err != nil {
			return nil, err
		}
		c := parser{one}
		var control Control
		if control.OID, err = c.expect(tagOctetString); err != nil {
			return nil, err
		}
		for c.more() {
			tag, content, err := c.next()
			if err != nil {
				return nil, err
			}
			if tag == tagOctetString { // the criticality of an answer says nothing
				control.Value = content
			}
		}
		d.controls = append(d.controls, control)
	}
	return d.controls, nil
}
