package wire

import "github.com/go-ldap/ldap/v3"

// Cookie gives the cookie of a page's result (RFC 2696), and whether the server paged at all.
func (m *Message) Cookie() (cookie string, paged bool, err error) {
	value, ok := m.Control(ldap.ControlTypePaging)
	if !ok {
		return "", false, nil
	}
	p := parser{value}
	content, err := p.expect(tagSequence)
	if err != nil {
		return "", false, err
	}
	p = parser{content}
	if _, err := p.expect(tagInteger); err != nil {
		return "", false, err
	}
	cookie, err = p.expect(tagOctetString)
	return cookie, true, err
}
