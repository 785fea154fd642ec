package filter

import "strings"

// attribute parses an attribute path: [URN ":"] name ["." sub-attribute].
func (p *parser) attribute() (*attrNode, error) {
	start, colon := p.i, -1
	for p.i < len(p.s) && classes[p.s[p.i]]&urnByte != 0 {
		if p.s[p.i] == ':' {
			colon = p.i
		}
		p.i++
	}
	end := p.i
	n := p.newAttr()
	p.i = start
	if colon >= 0 {
		if !isURN(p.s[start:colon]) {
			return nil, p.fail(start, "before the colon a URN is expected, as urn:ietf:params:scim:schemas:core:2.0:User")
		}
		n.uri = p.s[start:colon]
		n.AttributePath.URIPrefix = &n.uri
		p.i = colon + 1
	}
	var err error
	if n.AttributePath.AttributeName, err = p.name(); err != nil {
		return nil, err
	}
	if p.peek() == '.' {
		if n.sub, err = p.subAttribute(); err != nil {
			return nil, err
		}
		n.AttributePath.SubAttribute = &n.sub
	}
	if p.i < end {
		return nil, p.fail(p.i, "this character cannot be in the name of an attribute")
	}
	return n, nil
}

// subAttribute parses a dot and a name.
func (p *parser) subAttribute() (string, error) {
	p.i++
	return p.name()
}

func (p *parser) name() (string, error) {
	start := p.i
	if p.peek() == '$' {
		p.i++
	}
	if c := p.peek() | 0x20; c < 'a' || c > 'z' {
		return "", p.fail(p.i, "the name of an attribute is expected")
	}
	for p.i < len(p.s) && isNameByte(p.s[p.i]) {
		p.i++
	}
	return p.s[start:p.i], nil
}

// Classes of bytes.
const (
	nameByte  = 1 << iota // can be in the name of an attribute (RFC 7643 section 2.1)
	urnByte               // can be in an attribute path with a URN (RFC 8141 section 2)
	valueByte             // can be in a value without quotes
)

var classes = func() (t [256]uint8) {
	for c := ' ' + 1; c < 0x7F; c++ {
		l := c | 0x20
		if 'a' <= l && l <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_' {
			t[c] |= nameByte
		}
		if !strings.ContainsRune("[]()\"\\<>^`{|}", c) {
			t[c] |= urnByte
		}
	}
	for c := range t {
		if c > ' ' && !strings.ContainsRune(`()[]"`, rune(c)) {
			t[c] |= valueByte
		}
	}
	return t
}()

func isNameByte(c byte) bool { return classes[c]&nameByte != 0 }

// isURN reports whether s can be the URN of a schema, or another URI, as vendors' are not always URNs:
// parts between colons, none of them empty.
func isURN(s string) bool {
	return s != "" && s[0] != ':' && s[len(s)-1] != ':' && !strings.Contains(s, "::")
}
