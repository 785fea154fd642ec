package filter

import (
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// Possible reports whether an entry that had these values of one attribute could have matched, whatever it had of
// others. Only values that fixed reports true of are taken for known: those that an entry has always or never.
func (f *Filter) Possible(attribute string, values []string, fixed func(value string) bool) bool {
	has := map[string]bool{}
	for _, v := range values {
		has[strings.ToLower(v)] = true
	}
	return possible(f.packet, func(name, value string) outcome {
		switch {
		case !strings.EqualFold(name, attribute) || !fixed(value) || len(values) == 0:
			return maybe
		case has[strings.ToLower(value)]:
			return yes
		}
		return no
	}) != no
}

type outcome int8

const (
	no outcome = iota
	maybe
	yes
)

func possible(p *ber.Packet, known func(name, value string) outcome) outcome {
	switch p.Tag {
	case ldap.FilterAnd:
		least := yes
		for _, c := range p.Children {
			least = min(least, possible(c, known))
		}
		return least
	case ldap.FilterOr:
		most := no
		for _, c := range p.Children {
			most = max(most, possible(c, known))
		}
		return most
	case ldap.FilterNot:
		return yes - possible(p.Children[0], known)
	case ldap.FilterEqualityMatch:
		return known(text(p.Children[0]), text(p.Children[1]))
	}
	return maybe
}
