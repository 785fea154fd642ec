package ldaptest

import (
	"fmt"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// dirSync answers as Active Directory does (MS-ADTS section 3.1.1.3.4.1.3): what changed since the cookie, at most a page
// of it, and whether there is more. The cookie is a number of changes.
func (d *Directory) dirSync(q *Search) {
	p := ber.DecodePacket([]byte(q.Controls[ldap.ControlTypeDirSync]))
	since := 0
	if cookie := text(p.Children[2]); cookie != "" {
		if n, err := fmt.Sscanf(cookie, "usn-%d", &since); n != 1 || err != nil {
			q.Done(ldap.LDAPResultUnwillingToPerform, "00002105: SvcErr: DSID-0315124D, problem 5003")
			return
		}
	}
	q.Controls["1.2.840.113556.1.4.417"] = ""
	sent, more := 0, 0
	reached := since
	for usn := since + 1; usn <= d.usn; usn++ {
		for _, e := range d.matching(q) {
			if e.USN != usn {
				continue
			}
			q.Entry(e.DN, d.attributes(q, e))
			sent++
		}
		reached = usn
		if sent >= d.PageCap && usn < d.usn {
			more = 1
			break
		}
	}
	q.Done(0, "", dirSyncDone(more, fmt.Sprintf("usn-%d", reached)))
}

// dirSyncDone is the control of an answer.
func dirSyncDone(more int, cookie string) ldap.Control {
	p := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, more, ""))
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 0, ""))
	p.AppendChild(octets(cookie))
	return ldap.NewControlString(ldap.ControlTypeDirSync, false, string(p.Bytes()))
}
