// Package filter evaluates LDAP filters (RFC 4511 section 4.5.1.7) on entries at hand: of a file, or of a
// history that the server does not filter.
package filter

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/entry"
)

// ErrSyntax says that a filter cannot be read, or asks what cannot be evaluated here.
var ErrSyntax = errors.New("filter")

// A Filter is a compiled filter, safe for concurrent use.
type Filter struct {
	text   string
	packet *ber.Packet
	node   node
	remote error
}

// node is one part of a filter.
type node interface{ match(e *entry.Entry) bool }

// Compile reads a filter in the text form of RFC 4515. Every error wraps [ErrSyntax]. What only a server can
// evaluate is no error: see [Filter.Local].
func Compile(text string) (*Filter, error) {
	if depth(text) > 64 {
		return nil, fmt.Errorf("%w: nested more than 64 deep", ErrSyntax)
	}
	packet, err := ldap.CompileFilter(strings.TrimSpace(text))
	if err != nil {
		return nil, fmt.Errorf("%w %q: %v", ErrSyntax, text, err)
	}
	f := &Filter{text: text, packet: packet}
	if f.node, err = compile(packet); err != nil {
		f.remote = fmt.Errorf("%w %q: %w", ErrSyntax, text, err)
	}
	return f, nil
}

// Local tells why the filter cannot be evaluated here; nil when it can.
func (f *Filter) Local() error { return f.remote }

// Match reports whether e matches. The filter must be Local.
func (f *Filter) Match(e *entry.Entry) bool { return f.node.match(e) }

// Packet gives the filter as it is sent to a server.
func (f *Filter) Packet() *ber.Packet { return f.packet }

// Attributes gives the names that the filter asks about.
func (f *Filter) Attributes() []string { return names(f.packet) }

func names(p *ber.Packet) []string {
	var list []string
	switch p.Tag {
	case ldap.FilterAnd, ldap.FilterOr, ldap.FilterNot:
		for _, c := range p.Children {
			list = append(list, names(c)...)
		}
	case ldap.FilterPresent:
		list = append(list, text(p))
	case ldap.FilterExtensibleMatch:
		for _, c := range p.Children {
			if c.Tag == ldap.MatchingRuleAssertionType {
				list = append(list, text(c))
			}
		}
	default:
		list = append(list, text(p.Children[0]))
	}
	return list
}

// String gives the text that the filter was compiled from.
func (f *Filter) String() string { return f.text }

func depth(text string) int {
	n, most := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '(':
			n++
			most = max(most, n)
		case ')':
			n--
		}
	}
	return most
}

func compile(p *ber.Packet) (node, error) {
	switch p.Tag {
	case ldap.FilterAnd, ldap.FilterOr, ldap.FilterNot:
		parts := make([]node, 0, len(p.Children))
		for _, c := range p.Children {
			n, err := compile(c)
			if err != nil {
				return nil, err
			}
			parts = append(parts, n)
		}
		switch p.Tag {
		case ldap.FilterAnd:
			return and(parts), nil
		case ldap.FilterOr:
			return or(parts), nil
		}
		return not{parts[0]}, nil
	case ldap.FilterPresent:
		return present(text(p)), nil
	case ldap.FilterEqualityMatch, ldap.FilterApproxMatch:
		return equal{text(p.Children[0]), text(p.Children[1])}, nil
	case ldap.FilterGreaterOrEqual:
		return ordered{text(p.Children[0]), text(p.Children[1]), 1}, nil
	case ldap.FilterLessOrEqual:
		return ordered{text(p.Children[0]), text(p.Children[1]), -1}, nil
	case ldap.FilterSubstrings:
		s := substrings{name: text(p.Children[0])}
		for _, c := range p.Children[1].Children {
			part := strings.ToLower(text(c))
			switch c.Tag {
			case ldap.FilterSubstringsInitial:
				s.initial = part
			case ldap.FilterSubstringsFinal:
				s.final = part
			default:
				s.any = append(s.any, part)
			}
		}
		return s, nil
	case ldap.FilterExtensibleMatch:
		return compileExtensible(p)
	}
	return nil, fmt.Errorf("a part of unknown kind %d", p.Tag)
}

func text(p *ber.Packet) string { return ber.DecodeString(p.Data.Bytes()) }

// Object identifiers of the matching rules of Active Directory (MS-ADTS section 3.1.1.3.4.4).
const (
	ruleBitAnd = "1.2.840.113556.1.4.803"
	ruleBitOr  = "1.2.840.113556.1.4.804"
)

func compileExtensible(p *ber.Packet) (node, error) {
	var rule, name, value string
	for _, c := range p.Children {
		switch c.Tag {
		case ldap.MatchingRuleAssertionMatchingRule:
			rule = text(c)
		case ldap.MatchingRuleAssertionType:
			name = text(c)
		case ldap.MatchingRuleAssertionMatchValue:
			value = text(c)
		case ldap.MatchingRuleAssertionDNAttributes:
			return nil, errors.New("matching on parts of the DN cannot be evaluated here; use Bases, Include or Exclude")
		}
	}
	switch {
	case name != "" && (rule == ruleBitAnd || rule == ruleBitOr):
		bits, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s is compared with something that is no number", name)
		}
		return bitTest{name, bits, rule == ruleBitAnd}, nil
	case name != "" && (rule == "" || strings.HasPrefix(strings.ToLower(rule), "caseignore") || rule == "2.5.13.2"):
		return equal{name, value}, nil
	}
	return nil, fmt.Errorf("matching rule %s cannot be evaluated here; for nested groups use MemberOf", rule)
}
