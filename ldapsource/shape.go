package ldapsource

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ilumy/usersync/ldapsource/internal/adtype"
	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/provisioning"
)

// A shape makes records of one kind from entries. It serves one iteration.
type shape struct {
	*rules
	kind    provisioning.Kind
	all     bool               // no attributes were named
	asked   []*column          // text attributes, which are given without values too
	dnAs    []string           // the names to give the distinguished name under
	columns map[string]*column // by lower-case name
	// spellings are those seen, first leads to the one that entries begin with.
	spellings map[string]*spelled
	first     spelled
	refs      map[string]bool // the names of Refs to give
	// resolve finds the record that a value leads to, and appends its ID.
	resolve func(to *Reference, value string, id []byte) (provisioning.Kind, []byte, bool)
	options *Options
	number  int       // of the record at hand
	these   []*column // of its attributes
	slab    []string  // room for all of its values

	// Of the record at hand: references that were resolved before the rest of it was there, and how many, by name,
	// lead nowhere.
	early    provisioning.Refs
	dangling map[string]int
	ids      []byte
	found    []foundRef
}

// newShape plans how entries of a kind become records.
func newShape(r *rules, o *Options, kind provisioning.Kind) *shape {
	s := &shape{rules: r, kind: kind, all: len(o.Attributes) == 0, columns: map[string]*column{}, spellings: map[string]*spelled{},
		refs: map[string]bool{}, options: o}
	for _, name := range o.Attributes {
		lower := strings.ToLower(name)
		ref := s.reference(lower)
		if lower == "dn" || lower == "distinguishedname" {
			s.dnAs = append(s.dnAs, name)
			continue
		}
		if ref == nil {
			s.ask(lower, &column{name: name, syntax: s.syntax(lower)})
			continue
		}
		if !slices.Contains(ref.Of, kind) {
			continue
		}
		s.refs[ref.Name] = true
		for _, other := range r.References {
			if other.Name == ref.Name && s.columns[strings.ToLower(other.Attribute)] == nil {
				s.columns[strings.ToLower(other.Attribute)] = &column{ref: &other}
			}
		}
		if lower == strings.ToLower(ref.Attribute) && !ref.Long {
			s.ask(lower, &column{name: name, ref: ref})
		}
	}
	if s.all {
		for i := range r.References {
			if ref := &r.References[i]; slices.Contains(ref.Of, kind) && !r.computed[strings.ToLower(ref.Attribute)] {
				s.refs[ref.Name] = true
			}
		}
	}
	return s
}

// ask has an attribute given. One that is asked for by several names is given by all of them.
func (s *shape) ask(lower string, c *column) {
	if have := s.columns[lower]; have != nil && have.name != "" {
		if have.name != c.name && !slices.Contains(have.also, c.name) {
			have.also = append(have.also, c.name)
		}
		return
	}
	s.columns[lower] = c
	s.asked = append(s.asked, c)
}

func (s *rules) syntax(lower string) Syntax {
	base, options, _ := strings.Cut(lower, ";")
	if syntax, ok := s.syntaxes[base]; ok {
		return syntax
	}
	if options == "binary" {
		return Binary
	}
	return Text
}

var errNoID = errors.New("no identifier")

// id gives the ID of an entry.
func (r *rules) id(e *entry.Entry) (provisioning.ID, error) {
	values := e.Get(r.ID)
	if len(values) != 1 || values[0] == "" {
		return "", fmt.Errorf("%w: attribute %s has %d values; read it too, and see that the account that reads may", errNoID, r.ID, len(values))
	}
	text, err := decode(values[0], r.syntaxes[strings.ToLower(r.ID)])
	if err != nil {
		return "", fmt.Errorf("%w: attribute %s: %w", errNoID, r.ID, err)
	}
	return provisioning.ID(text), nil
}

// kindOf gives the number of the kind that an entry is of.
func (r *rules) kindOf(e *entry.Entry) (int, bool) {
	for i, f := range r.kinds {
		if f.Match(e) {
			return i, true
		}
	}
	return 0, false
}

// record makes the record of an entry with this ID.
func (s *shape) record(e *entry.Entry, id provisioning.ID) (*provisioning.Record, error) {
	rec := &provisioning.Record{Kind: s.kind, ID: id}
	size := len(s.asked) + len(s.dnAs)
	if s.all {
		size = len(e.Attributes)
	}
	rec.Attributes = make(provisioning.Attributes, size)
	if len(s.refs) > 0 {
		rec.Refs = make(provisioning.Refs, len(s.refs))
	}
	total, last := 0, &s.first
	s.number++
	s.these = s.these[:0]
	for i := range e.Attributes {
		a := &e.Attributes[i]
		next := last.next
		if next == nil || next.name != a.Name {
			if next = s.spelling(a.Name); next.kept {
				last.next = next // The others would form a chain without end.
			}
		}
		last = next
		s.these = append(s.these, last.column)
		if last.column != nil && last.column.name != "" {
			total += len(a.Values)
		}
	}
	s.slab = make([]string, 0, total)
	for i, c := range s.these {
		a := &e.Attributes[i]
		if c == nil {
			if strings.Contains(a.Name, ";range=") && !strings.HasSuffix(a.Name, "-*") {
				if err := s.partial(a.Name); err != nil {
					return nil, err
				}
			}
			continue
		}
		if err := s.take(rec, c, a); err != nil {
			return nil, fmt.Errorf("attribute %s: %w", a.Name, err)
		}
	}
	for _, c := range s.asked {
		if c.given != s.number {
			c.give(rec, []string{})
		}
	}
	for _, name := range s.dnAs {
		rec.Attributes[name] = []string{e.DN}
	}
	for name := range s.refs {
		if list, ok := s.early[name]; ok {
			rec.Refs[name] = append(list, rec.Refs[name]...)
		} else if _, ok := rec.Refs[name]; !ok {
			rec.Refs[name] = []provisioning.Ref{}
		}
	}
	if len(s.by) > 0 {
		for name, list := range rec.Refs {
			rec.Refs[name] = unique(list)
		}
	}
	if len(s.dangling) > 0 && s.options.Dangling != nil {
		for name, n := range s.dangling {
			s.options.Dangling(rec.Ref(), name, n)
		}
	}
	return rec, s.state(rec, e)
}

// partial refuses a record of which the server gave only some values of an attribute that is wanted.
func (s *shape) partial(name string) error {
	base, _, _ := strings.Cut(name, ";")
	if c := s.column(base); c != nil {
		return fmt.Errorf("attribute %s: only a part of its values is here; read the rest too", name)
	}
	return nil
}

// state fills in what the dialect says of the account as a whole.
func (s *shape) state(rec *provisioning.Record, e *entry.Entry) error {
	rec.Disabled = s.disabled != nil && s.disabled.Match(e)
	if s.Version != "" {
		rec.Version = e.First(s.Version)
	}
	if s.ValidUntil == "" {
		return nil
	}
	value := e.First(s.ValidUntil)
	if value == "" {
		return nil
	}
	var err error
	if s.syntaxes[strings.ToLower(s.ValidUntil)] == Time {
		rec.ValidUntil, err = adtype.GeneralizedTime(value)
	} else {
		rec.ValidUntil, err = adtype.FileTime(value)
	}
	if err != nil {
		return fmt.Errorf("attribute %s: %w", s.ValidUntil, err)
	}
	return nil
}

// take adds one attribute to the record.
func (s *shape) take(rec *provisioning.Record, c *column, a *entry.Attribute) error {
	if c.ref != nil {
		if rec.Refs == nil {
			rec.Refs = provisioning.Refs{}
		}
		rec.Refs[c.ref.Name] = s.appendRefs(rec.Refs[c.ref.Name], c.ref, a.Values)
	}
	if c.name == "" {
		return nil
	}
	start := len(s.slab)
	for _, v := range a.Values {
		switch {
		case c.syntax != Text && c.syntax != "":
			text, err := decode(v, c.syntax)
			if err != nil {
				return err
			}
			if text != "" {
				s.slab = append(s.slab, text)
			}
		case c.ref != nil:
			s.slab = append(s.slab, parseExtended(v).name)
		case utf8.ValidString(v):
			s.slab = append(s.slab, v)
		case s.all:
			s.slab = s.slab[:start]
			return nil
		default:
			return errors.New("bytes that are no text; name its syntax in the dialect")
		}
	}
	c.given = s.number
	c.give(rec, s.slab[start:len(s.slab):len(s.slab)])
	return nil
}

func (c *column) give(rec *provisioning.Record, values []string) {
	rec.Attributes[c.name] = values
	for _, name := range c.also {
		rec.Attributes[name] = slices.Clone(values)
	}
}

// decode makes text of a value.
func decode(v string, syntax Syntax) (string, error) {
	var at time.Time
	var err error
	switch syntax {
	case Binary:
		return base64.StdEncoding.EncodeToString([]byte(v)), nil
	case GUID:
		g, err := adtype.DecodeGUID(v)
		return g.String(), err
	case UUID:
		g, err := adtype.ParseGUID(v)
		return g.String(), err
	case SID:
		return adtype.DecodeSID(v)
	case FileTime:
		at, err = adtype.FileTime(v)
	case Time:
		at, err = adtype.GeneralizedTime(v)
	default:
		if !utf8.ValidString(v) {
			return "", fmt.Errorf("%w: no text", adtype.ErrValue)
		}
		return v, nil
	}
	if err != nil || at.IsZero() {
		return "", err
	}
	return at.Format(time.RFC3339), nil
}
