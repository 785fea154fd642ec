package wire

import (
	"errors"
	"fmt"
)

// ErrProtocol says that the other side does not speak LDAP as RFC 4511 has it.
var ErrProtocol = errors.New("not a valid LDAP message")

// Tags of RFC 4511 and of the basic encoding rules.
const (
	tagBoolean     = 0x01
	tagInteger     = 0x02
	tagOctetString = 0x04
	tagEnumerated  = 0x0a
	tagSequence    = 0x30
	tagSet         = 0x31
	tagEntry       = 0x64
	tagDone        = 0x65
	tagReference   = 0x73
	tagExtended    = 0x78
	tagIntermed    = 0x79
	tagReferral    = 0xa3
	tagControls    = 0xa0
	tagContext0    = 0x80
	tagContext1    = 0x81
)

// header reads a tag and a length at the start of b. It gives size 0 when b is too short to tell.
func header[B []byte | string](b B) (tag byte, size, length int, err error) {
	if len(b) < 2 {
		return 0, 0, 0, nil
	}
	tag = b[0]
	if tag&0x1f == 0x1f {
		return 0, 0, 0, fmt.Errorf("%w: a tag of several bytes", ErrProtocol)
	}
	if b[1] < 0x80 {
		return tag, 2, int(b[1]), nil
	}
	n := int(b[1] & 0x7f)
	if n == 0 || n > 4 {
		return 0, 0, 0, fmt.Errorf("%w: a length in %d bytes", ErrProtocol, n)
	}
	if len(b) < 2+n {
		return 0, 0, 0, nil
	}
	for _, c := range []byte(b[2 : 2+n]) {
		length = length<<8 | int(c)
	}
	return tag, 2 + n, length, nil
}

// A parser goes through the elements of a constructed value.
type parser struct{ rest string }

func (p *parser) more() bool { return len(p.rest) > 0 }

// next takes the next element off.
func (p *parser) next() (tag byte, content string, err error) {
	tag, size, length, err := header(p.rest)
	if err != nil {
		return 0, "", err
	}
	if size == 0 || length > len(p.rest)-size {
		return 0, "", fmt.Errorf("%w: an element that is longer than what holds it", ErrProtocol)
	}
	content, p.rest = p.rest[size:size+length], p.rest[size+length:]
	return tag, content, nil
}

// expect takes the next element off, which must have this tag.
func (p *parser) expect(want byte) (string, error) {
	tag, content, err := p.next()
	if err == nil && tag != want {
		err = fmt.Errorf("%w: tag 0x%02x where 0x%02x belongs", ErrProtocol, tag, want)
	}
	return content, err
}

// integer decodes the content of an integer or enumeration.
func integer(content string) (int64, error) {
	if len(content) == 0 || len(content) > 8 {
		return 0, fmt.Errorf("%w: an integer of %d bytes", ErrProtocol, len(content))
	}
	n := int64(int8(content[0]))
	for i := 1; i < len(content); i++ {
		n = n<<8 | int64(content[i])
	}
	return n, nil
}
