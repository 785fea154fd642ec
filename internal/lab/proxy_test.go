package lab

import (
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"
)

func TestProxy(t *testing.T) {
	d := Slapd(t, &SlapdOptions{Contents: Contents{People: 300}})
	p := NewProxy(t, d.TLSURL)
	read := func() (int, error) {
		conn, err := ldap.DialURL("ldaps://"+p.Addr, ldap.DialWithTLSConfig(d.CA.TLS()))
		if err != nil {
			return 0, err
		}
		defer conn.Close()
		if err := conn.Bind(d.BindDN, d.Password); err != nil {
			return 0, err
		}
		res, err := conn.Search(searchAll(d.Base, "(givenName=*)"))
		if err != nil {
			return 0, err
		}
		return len(res.Entries), nil
	}
	n, err := read()
	require.NoError(t, err)
	if n != 300 {
		t.Errorf("%d entries through the proxy", n)
	}
	whole := p.Received()
	for _, after := range []int64{1, 1000, whole / 2, whole - 100} {
		p.CutAfter(after)
		if n, err := read(); err == nil {
			t.Errorf("cut after %d of %d bytes: %d entries and no error", after, whole, n)
		}
	}
	p.CutAfter(0)
	if _, err := read(); err != nil {
		t.Errorf("no longer cut: %v", err)
	}
	if p.Accepted() != 6 {
		t.Errorf("%d connections", p.Accepted())
	}
}
