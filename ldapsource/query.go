package ldapsource

import (
	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// presentFilter matches every entry.
var presentFilter = ber.NewString(ber.ClassContext, ber.TypePrimitive, ldap.FilterPresent, "objectClass", "")

// combine puts filters into one.
func combine(tag ber.Tag, parts ...*ber.Packet) *ber.Packet {
	p := ber.Encode(ber.ClassContext, ber.TypeConstructed, tag, nil, "")
	for _, part := range parts {
		p.AppendChild(part)
	}
	return p
}

func allOf(parts ...*ber.Packet) *ber.Packet { return combine(ldap.FilterAnd, parts...) }
func anyOf(parts ...*ber.Packet) *ber.Packet { return combine(ldap.FilterOr, parts...) }
func not(part *ber.Packet) *ber.Packet       { return combine(ldap.FilterNot, part) }

func octets(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

// equals is a filter for one value, which needs no escaping here.
func equals(name, value string) *ber.Packet {
	return combine(ldap.FilterEqualityMatch, octets(name), octets(value))
}
