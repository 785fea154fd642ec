package ldapsource

import (
	"strings"

	"github.com/ilumy/usersync/ldapsource/internal/adtype"
)

// An extendedDN is a distinguished name as Active Directory gives it with LDAP_SERVER_EXTENDED_DN_OID (MS-ADTS section
// 3.1.1.3.4.1.5): "<GUID=…>;<SID=…>;CN=…".
type extendedDN struct {
	guid adtype.GUID
	sid  string
	name string
	// ok says that it has a GUID; otherwise only name is set.
	ok bool
}

// nameOf gives the name in a value of this attribute. In uniqueMember a bit string may follow it, which tells apart who
// had the name one after the other (RFC 4517 section 3.3.21), and which nobody uses.
func (r *Reference) nameOf(value string) extendedDN {
	if strings.HasSuffix(value, "'B") && strings.EqualFold(r.Attribute, "uniqueMember") {
		if name, bits, ok := strings.Cut(value, "#'"); ok && strings.Trim(strings.TrimSuffix(bits, "'B"), "01") == "" {
			value = name
		}
	}
	return parseExtended(value)
}

func parseExtended(value string) extendedDN {
	d := extendedDN{name: value}
	for strings.HasPrefix(d.name, "<") {
		part, rest, found := strings.Cut(d.name, ">;")
		if !found {
			return extendedDN{name: value}
		}
		switch key, text, _ := strings.Cut(part[1:], "="); strings.ToUpper(key) {
		case "GUID":
			g, err := adtype.ParseGUID(text)
			if err != nil {
				return extendedDN{name: value}
			}
			d.guid, d.ok = g, true
		case "SID":
			d.sid = text
		}
		d.name = rest
	}
	return d
}
