package lab

import (
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"
)

func TestSamba(t *testing.T) {
	d := Samba(t, &SambaOptions{Contents: Contents{People: 300}})
	conn, err := ldap.DialURL(d.TLSURL, ldap.DialWithTLSConfig(d.CA.TLS()))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.Bind(d.BindDN, d.Password))
	res, err := conn.SearchWithPaging(searchAll(d.Base, "(&(objectClass=user)(employeeID=*))", "objectGUID", "userAccountControl"), 100)
	require.NoError(t, err)
	if len(res.Entries) != 300 {
		t.Errorf("%d people", len(res.Entries))
	}
	for _, e := range res.Entries {
		if len(e.GetRawAttributeValue("objectGUID")) != 16 {
			t.Fatalf("%s has no objectGUID", e.DN)
		}
	}
	for _, g := range d.Company.Groups {
		res, err := conn.Search(searchAll(d.DN(&g.Entry), "(objectClass=group)", "member"))
		require.NoError(t, err)
		want := 0
		for _, m := range g.Members {
			if m.UUID() != zero {
				want++
			}
		}
		if got := len(res.Entries[0].GetAttributeValues("member")); got != want {
			t.Errorf("%s: %d members, want %d", g.CN, got, want)
		}
	}

	plain, err := ldap.DialURL(d.URL)
	require.NoError(t, err)
	defer plain.Close()
	if err := plain.Bind(d.BindDN, d.Password); !ldap.IsErrorWithCode(err, ldap.LDAPResultStrongAuthRequired) {
		t.Errorf("a password in the clear: %v", err)
	}
	d.Stop()
	d.Start()
	d.Admin(t)
}

// zero is the UUID of an entry that stands outside the directory.
const zero = "00000000-0000-0000-0000-000000000000"
