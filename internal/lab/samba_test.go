package lab

import (
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/go-ldap/ldap/v3/gssapi"
	krb5 "github.com/jcmturner/gokrb5/v8/client"
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

func TestSambaDirSync(t *testing.T) {
	d := Samba(t, &SambaOptions{Contents: Contents{People: 300}})
	req := ldap.NewSearchRequest(d.Base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, "(employeeID=*)", []string{"employeeID"}, nil)
	if _, err := d.Reader(t).DirSync(req, 0, 0, nil); !ldap.IsErrorWithCode(err, ldap.LDAPResultInsufficientAccessRights) {
		t.Errorf("without the right: %v", err)
	}
	conn := d.dial(t, d.ReplicatorDN, d.Password)
	req.Controls = nil
	res, err := conn.DirSync(req, 0, 0, nil)
	require.NoError(t, err)
	if len(res.Entries) != 300 {
		t.Errorf("DirSync gives %d people", len(res.Entries))
	}
}

func TestSambaKerberos(t *testing.T) {
	d := Samba(t, &SambaOptions{Contents: Contents{People: 300}, Kerberos: true})
	client, err := gssapi.NewClientWithPassword("svc-sync", d.Realm, d.Password, d.KRB5Config, krb5.DisablePAFXFAST(true))
	require.NoError(t, err)
	defer client.Close()
	conn, err := ldap.DialURL(d.TLSURL, ldap.DialWithTLSConfig(d.CA.TLS()))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.GSSAPIBind(client, d.SPN, ""))
	res, err := conn.Search(searchAll(d.Base, "(sAMAccountName=svc-sync)", "1.1"))
	require.NoError(t, err)
	if len(res.Entries) != 1 {
		t.Errorf("%d entries after a Kerberos bind", len(res.Entries))
	}
}

// zero is the UUID of an entry that stands outside the directory.
const zero = "00000000-0000-0000-0000-000000000000"
