package lab

import (
	"crypto/tls"
	"errors"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"
)

func searchAll(base string, filter string, attrs ...string) *ldap.SearchRequest {
	return ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, filter, attrs, nil)
}

func TestSlapd(t *testing.T) {
	d := Slapd(t, nil)

	stranger, err := ldap.DialURL(d.URL)
	require.NoError(t, err)
	defer stranger.Close()
	if _, err := stranger.Search(searchAll(d.Base, "(uid=*)")); err == nil {
		t.Error("somebody who is not bound can read")
	}
	conn, err := ldap.DialURL(d.URL)
	require.NoError(t, err)
	defer conn.Close()
	config := d.CA.TLS()
	config.ServerName = "localhost"
	require.NoError(t, conn.StartTLS(config))
	require.NoError(t, conn.Bind(d.BindDN, d.Password))

	res, err := conn.Search(searchAll(d.Base, "(objectClass=*)", "1.1"))
	if !ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) || len(res.Entries) != 1000 {
		t.Errorf("without pages: %v", err)
	}
	res, err = conn.SearchWithPaging(searchAll(d.Base, "(objectClass=inetOrgPerson)", "entryUUID", "memberOf"), 1000)
	require.NoError(t, err)
	if len(res.Entries) != 1000 {
		t.Errorf("in pages: %d people", len(res.Entries))
	}
	uuids := map[string]bool{}
	for _, e := range res.Entries {
		uuids[e.GetAttributeValue("entryUUID")] = true
	}
	for _, p := range d.Company.People[:1000] {
		if !uuids[p.UUID()] {
			t.Fatalf("%s is not in the directory", d.DN(&p.Entry))
		}
	}

	// The overlays: who is deleted leaves the groups and is nobody's manager.
	admin := d.Admin(t)
	require.NoError(t, admin.Del(ldap.NewDelRequest(d.DN(&d.Company.People[1].Entry), nil)))
	gone := ldap.EscapeFilter(d.DN(&d.Company.People[1].Entry))
	require.Eventually(t, func() bool { // refint works on it after the answer
		left, err := admin.Search(searchAll(d.Base, "(|(member="+gone+")(manager="+gone+"))", "1.1"))
		return err == nil && len(left.Entries) == 0
	}, patience, 20*time.Millisecond, "entries still name somebody who was deleted")

	// Its data outlives a crash.
	d.Kill()
	if _, err := ldap.DialURL(d.URL); err == nil {
		t.Error("it takes connections after it was killed")
	}
	d.Start()
	after, err := d.Admin(t).Search(searchAll(d.DN(&d.Company.People[1].Entry), "(objectClass=*)", "1.1"))
	if !ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) {
		t.Errorf("after a crash: %v, %v", after, err)
	}
}

func TestSlapdTLS(t *testing.T) {
	for _, kind := range []Certificate{Expired, SelfSigned, WrongName} {
		d := Slapd(t, &SlapdOptions{Contents: Contents{People: 50}, Certificate: kind, RequireTLS: true})
		_, err := ldap.DialURL(d.TLSURL, ldap.DialWithTLSConfig(d.CA.TLS()))
		var bad *tls.CertificateVerificationError
		if !errors.As(err, &bad) {
			t.Errorf("certificate %d: got %v", kind, err)
		}
		conn, err := ldap.DialURL(d.URL)
		require.NoError(t, err)
		defer conn.Close()
		if err := conn.Bind(d.BindDN, d.Password); !ldap.IsErrorWithCode(err, ldap.LDAPResultConfidentialityRequired) {
			t.Errorf("a password in the clear: %v", err)
		}
	}
}

func TestSlapdExternal(t *testing.T) {
	d := Slapd(t, &SlapdOptions{Contents: Contents{People: 50}})
	pair, err := tls.LoadX509KeyPair(d.CA.Client("sync"))
	require.NoError(t, err)
	config := d.CA.TLS()
	config.Certificates = []tls.Certificate{pair}
	conn, err := ldap.DialURL(d.TLSURL, ldap.DialWithTLSConfig(config))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.ExternalBind())
	who, err := conn.WhoAmI(nil)
	require.NoError(t, err)
	if who.AuthzID != "dn:"+d.BindDN {
		t.Errorf("the certificate's owner is taken for %q", who.AuthzID)
	}
}
