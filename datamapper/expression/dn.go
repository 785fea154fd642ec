package expression

import (
	"errors"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// dnFunctions read distinguished names. References are texts here, so that CRef gives what it gets.
func dnFunctions() []*function {
	return []*function{
		textFunction("CRef", func(s string) string { return s }),
		textFunction("EscapeDNComponent", escapeDNComponent),
		{
			name: "DNComponent", params: []param{need("dn", pTexts), need("componentNumber", pNumber)}, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) { return dnComponent(args[0].s, args[1].whole(), false, "") },
		},
		{
			name: "DNComponentRev", params: []param{need("dn", pTexts), need("componentNumber", pNumber), opt("options", pText)}, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) {
				return dnComponent(args[0].s, args[1].whole(), true, args[2].s)
			},
		},
	}
}

// dnComponent gives the value of the nth component, counted from 1; null when there are not so many.
func dnComponent(s string, n int64, reverse bool, options string) (Value, error) {
	if options != "" && !strings.EqualFold(options, "DC") {
		return Value{}, errors.New(`options is "DC", or is left out`)
	}
	dn, err := ldap.ParseDN(s)
	if err != nil {
		return Value{}, errors.New("dn is not a distinguished name such as cn=Joe,dc=example,dc=com")
	}
	var values []string
	for _, rdn := range dn.RDNs {
		if len(rdn.Attributes) == 0 || options != "" && strings.EqualFold(rdn.Attributes[0].Type, "dc") {
			continue
		}
		values = append(values, rdn.Attributes[0].Value)
	}
	i := n - 1
	if reverse {
		i = int64(len(values)) - n
	}
	if n < 1 || i < 0 || i >= int64(len(values)) {
		return Value{}, nil
	}
	return text(values[i]), nil
}

// escapeDNComponent escapes the value of a component such as cn=Jansen, J. (RFC 4514 section 2.4).
func escapeDNComponent(s string) string {
	name, value, ok := strings.Cut(s, "=")
	if !ok {
		return ldap.EscapeDN(s)
	}
	return name + "=" + ldap.EscapeDN(value)
}
