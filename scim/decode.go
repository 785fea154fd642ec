package scim

import (
	"bytes"
	"sync"
)

// DecodeObject reads one JSON object (RFC 8259) in one pass. It refuses a body, a depth and a number of
// values above the limits, names that occur twice in an object in whatever case, strings that are not
// UTF-8 or hold U+0000, which databases cannot store, and numbers of more than 400 characters. Errors are
// of class [ErrInvalidSyntax] or [ErrTooLarge] and name the byte.
//
// It exists because encoding/json into maps is most of what a request may cost, and neither it nor ohler55/ojg
// keeps the order of members, refuses names that occur twice, or bounds the number of values.
func DecodeObject(b []byte, o *Options) (*Object, error) {
	limits := o.limits()
	if len(b) > limits.Body {
		return nil, Errorf(ErrTooLarge, "the body has %d bytes, more than the %d that are taken", len(b), limits.Body)
	}
	open := scratches.Get().(*scratch)
	defer open.release()
	d := decoder{b: b, limits: limits, scratch: open}
	if len(b) <= shareBelow {
		d.share()
	}
	d.space()
	if d.i >= len(b) {
		return nil, Errorf(ErrInvalidSyntax, "the body is empty; send a JSON object")
	}
	if b[d.i] != '{' {
		return nil, d.fail("a JSON object is expected")
	}
	v, err := d.value(1)
	if err != nil {
		return nil, err
	}
	d.space()
	if d.i < len(b) {
		return nil, d.fail("something follows the JSON object")
	}
	return v.(*Object), nil
}

// UnmarshalJSON reads the object with the default limits.
func (o *Object) UnmarshalJSON(b []byte) error {
	n, err := DecodeObject(b, nil)
	if err != nil {
		return err
	}
	*o = *n
	return nil
}

const (
	// shareBelow is the size of a body whose strings are parts of one copy of it. Larger bodies would be
	// held in memory by any one string that is kept, so their strings are copied one by one.
	shareBelow = 16 << 10
	// maxNumber bounds the digits of a number, for comparing numbers is not free.
	maxNumber = 400
)

// A decoder is at one place in a body.
type decoder struct {
	b      []byte
	s      string // a copy of b whose parts are the strings; "" for large bodies
	i      int
	limits Limits
	values int
	*scratch
	names map[string]string // of members, in large bodies, so that each is kept once
	// Room for what a small body holds, made at once.
	memberRoom []Member
	objectRoom []Object
}

// A scratch holds what is read of objects and lists that are still open, innermost last.
type scratch struct {
	members []Member
	list    []any
}

var scratches = sync.Pool{New: func() any { return &scratch{make([]Member, 0, 64), make([]any, 0, 32)} }}

// release gives the scratch back without anything in it, unless it has grown large.
func (s *scratch) release() {
	const large = 1024
	clear(s.members)
	clear(s.list)
	s.members, s.list = s.members[:0], s.list[:0]
	if cap(s.members) <= large && cap(s.list) <= large {
		scratches.Put(s)
	}
}

// share makes one copy of the body and room for what is in it. The counts are too high if strings hold the
// characters, which does no harm.
func (d *decoder) share() {
	d.s = string(d.b)
	d.memberRoom = make([]Member, 0, min(bytes.Count(d.b, []byte(`":`)), 1024))
	d.objectRoom = make([]Object, 0, min(bytes.Count(d.b, []byte{'{'}), 256))
}

// newObject makes an object of the members from base on, which it takes off.
func (d *decoder) newObject(base int) *Object {
	var o *Object
	if len(d.objectRoom) < cap(d.objectRoom) {
		d.objectRoom = d.objectRoom[:len(d.objectRoom)+1]
		o = &d.objectRoom[len(d.objectRoom)-1]
	} else {
		o = &Object{}
	}
	members := d.members[base:]
	if from, n := len(d.memberRoom), len(members); cap(d.memberRoom)-from >= n {
		d.memberRoom = append(d.memberRoom, members...)
		o.members = d.memberRoom[from : from+n : from+n]
	} else {
		o.members = make([]Member, n)
		copy(o.members, members)
	}
	clear(members)
	d.members = d.members[:base]
	return o
}

func (d *decoder) fail(what string) error {
	return Errorf(ErrInvalidSyntax, "the body is not valid JSON: byte %d: %s", d.i, what)
}

func (d *decoder) space() {
	for d.i < len(d.b) && (d.b[d.i] == ' ' || d.b[d.i] == '\n' || d.b[d.i] == '\t' || d.b[d.i] == '\r') {
		d.i++
	}
}

// next gives the next byte that is not space, or 0 at the end.
func (d *decoder) next() byte {
	d.space()
	if d.i < len(d.b) {
		return d.b[d.i]
	}
	return 0
}

func (d *decoder) value(depth int) (any, error) {
	if d.values++; d.values > d.limits.Values {
		return nil, Errorf(ErrTooLarge, "the body has more than %d values; send fewer at once", d.limits.Values)
	}
	switch c := d.next(); c {
	case '"':
		return d.text()
	case '{', '[':
		if depth > d.limits.Depth {
			return nil, d.fail("objects and lists are nested too deep")
		}
		if c == '{' {
			return d.object(depth)
		}
		return d.array(depth)
	case 't':
		return true, d.word("true")
	case 'f':
		return false, d.word("false")
	case 'n':
		return nil, d.word("null")
	case 0:
		return nil, d.fail("the end comes too early")
	}
	return d.number()
}

func (d *decoder) word(w string) error {
	if len(d.b)-d.i < len(w) || string(d.b[d.i:d.i+len(w)]) != w {
		return d.fail(w + " is expected")
	}
	d.i += len(w)
	return nil
}

func (d *decoder) object(depth int) (*Object, error) {
	d.i++
	base := len(d.members)
	var seen map[string]bool
	for {
		c := d.next()
		if c == '}' && len(d.members) == base {
			d.i++
			return &Object{}, nil
		}
		if c != '"' {
			return nil, d.fail("the name of a member is expected, in quotes")
		}
		at := d.i
		name, err := d.name()
		if err != nil {
			return nil, err
		}
		if seen, err = d.distinct(d.members[base:], name, seen); err != nil {
			d.i = at
			return nil, d.fail("a name occurs twice in one object: " + name)
		}
		if d.next() != ':' {
			return nil, d.fail("a colon is expected")
		}
		d.i++
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		d.members = append(d.members, Member{name, v})
		switch d.next() {
		case ',':
			d.i++
		case '}':
			d.i++
			return d.newObject(base), nil
		default:
			return nil, d.fail("a comma or } is expected")
		}
		if d.next() == '}' {
			return nil, d.fail("the name of a member is expected, in quotes")
		}
	}
}

// distinct fails if name is among the members. Large objects get a set, so that hostile ones cost no
// more than others.
func (d *decoder) distinct(members []Member, name string, seen map[string]bool) (map[string]bool, error) {
	const small = 32
	if len(members) < small {
		for i := range members {
			if foldEqual(members[i].Name, name) {
				return nil, ErrInvalidSyntax
			}
		}
		return nil, nil
	}
	if seen == nil {
		seen = make(map[string]bool, 2*small)
		for i := range members {
			seen[string(appendLower(nil, members[i].Name))] = true
		}
	}
	low := string(appendLower(nil, name))
	if seen[low] {
		return seen, ErrInvalidSyntax
	}
	seen[low] = true
	return seen, nil
}

func (d *decoder) array(depth int) ([]any, error) {
	d.i++
	base := len(d.list)
	if d.next() == ']' {
		d.i++
		return []any{}, nil
	}
	for {
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		d.list = append(d.list, v)
		switch d.next() {
		case ',':
			d.i++
		case ']':
			d.i++
			list := make([]any, len(d.list)-base)
			copy(list, d.list[base:])
			clear(d.list[base:])
			d.list = d.list[:base]
			return list, nil
		default:
			return nil, d.fail("a comma or ] is expected")
		}
	}
}

// name reads the name of a member.
func (d *decoder) name() (string, error) {
	if d.s != "" {
		return d.text()
	}
	s, err := d.text()
	if err != nil || len(s) > 64 {
		return s, err
	}
	if known, ok := d.names[s]; ok {
		return known, nil
	}
	if d.names == nil {
		d.names = map[string]string{}
	}
	if len(d.names) < 256 {
		d.names[s] = s
	}
	return s, nil
}
