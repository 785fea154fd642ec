package ldapsource_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
)

// grantDeleted lets an account of a domain read what was deleted, as "dsacls CN=Deleted Objects,… /G account:LCRP" does.
func grantDeleted(t *testing.T, d *lab.Directory, cn string) {
	t.Helper()
	admin := d.Admin(t)
	one := func(base, attribute string, controls ...ldap.Control) []byte {
		t.Helper()
		r, err := admin.Search(ldap.NewSearchRequest(base, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)",
			[]string{attribute}, controls))
		require.NoError(t, err)
		require.Len(t, r.Entries, 1)
		return r.Entries[0].GetRawAttributeValue(attribute)
	}
	deleted := ldap.NewControlMicrosoftShowDeleted()
	onlyDACL := ldap.NewControlString("1.2.840.113556.1.4.801", true, "\x30\x03\x02\x01\x04")
	base := "CN=Deleted Objects," + d.Base
	// Not even an administrator may change who reads there before it is theirs.
	const administrators = "\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x20\x02\x00\x00"
	m := ldap.NewModifyRequest(base, []ldap.Control{deleted, ldap.NewControlString("1.2.840.113556.1.4.801", true, "\x30\x03\x02\x01\x01")})
	m.Replace("nTSecurityDescriptor", []string{"\x01\x00\x00\x80\x14\x00\x00\x00" + strings.Repeat("\x00", 12) + administrators})
	require.NoError(t, admin.Modify(m))
	sd := one(base, "nTSecurityDescriptor", deleted, onlyDACL)
	sid := one("CN="+cn+",CN=Users,"+d.Base, "objectSid")

	// A self-relative descriptor (MS-DTYP section 2.4.6), whose list (2.4.5) gets one more entry (2.4.4.2) at its end.
	at := binary.LittleEndian.Uint32(sd[16:])
	list := append([]byte{}, sd[at:at+uint32(binary.LittleEndian.Uint16(sd[at+2:]))]...)
	const listContents, readProperty = 0x4, 0x10
	ace := []byte{0, 0, 0, 0, listContents | readProperty, 0, 0, 0}
	ace = append(ace, sid...)
	binary.LittleEndian.PutUint16(ace[2:], uint16(len(ace)))
	list = append(list, ace...)
	binary.LittleEndian.PutUint16(list[2:], uint16(len(list)))
	binary.LittleEndian.PutUint16(list[4:], binary.LittleEndian.Uint16(list[4:])+1)
	head := append([]byte{}, sd[:20]...)
	clear(head[4:16]) // owner, group and the list of audits are not touched
	binary.LittleEndian.PutUint32(head[16:], 20)
	m = ldap.NewModifyRequest(base, []ldap.Control{deleted, onlyDACL})
	m.Replace("nTSecurityDescriptor", []string{string(append(head, list...))})
	require.NoError(t, admin.Modify(m))
}
