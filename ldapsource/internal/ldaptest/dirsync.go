package ldaptest

import (
	"encoding/binary"
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
	q.Controls["1.2.840.113556.1.4.417"], q.Controls[showRecycled] = "", ""
	sent, more := 0, 0
	reached := since
	for usn := since + 1; usn <= d.usn; usn++ {
		for _, e := range d.matching(q) {
			if e.USN != usn {
				continue
			}
			attributes := d.attributes(q, e)
			if e.named > since {
				attributes["name"] = []string{e.DN}
			}
			if e.deleted > since && !e.Deleted {
				attributes["isDeleted"] = nil // removed
			}
			q.Entry(e.DN, attributes)
			sent++
		}
		reached = usn
		if sent >= d.PageCap && usn < d.usn {
			more = 1
			break
		}
	}
	q.Done(0, "", DirSyncDone(more, fmt.Sprintf("usn-%d", reached)))
}

// stamps is the replPropertyMetaData of an entry, with the stamps of its name and of isDeleted alone.
func (e *Entry) stamps() string {
	b := make([]byte, 16+2*48)
	b[0], b[8] = 1, 2
	for i, stamp := range [][2]int{{0x00020030, e.deleted}, {0x00090001, e.named}} {
		binary.LittleEndian.PutUint32(b[16+48*i:], uint32(stamp[0]))
		binary.LittleEndian.PutUint64(b[16+48*i+40:], uint64(stamp[1]))
	}
	return string(b)
}

// DirSyncFlags gives the flags of a request for DirSync, and whether it is one.
func (q *Search) DirSyncFlags() (flags uint32, ok bool) {
	value, ok := q.Controls[ldap.ControlTypeDirSync]
	if !ok {
		return 0, false
	}
	b := ber.DecodePacket([]byte(value)).Children[0].Data.Bytes()
	for _, c := range b {
		flags = flags<<8 | uint32(c)
	}
	return flags, true
}

// DirSyncDone is the control of an answer.
func DirSyncDone(more int, cookie string) ldap.Control {
	p := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, more, ""))
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 0, ""))
	p.AppendChild(octets(cookie))
	return ldap.NewControlString(ldap.ControlTypeDirSync, false, string(p.Bytes()))
}
