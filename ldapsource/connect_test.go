package ldapsource_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/internal/lab/people"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/ldapsource/internal/ldaptest"
	"github.com/ilumy/usersync/provisioning"
)

// Everything that can be wrong with a connection is one clear error, and no records.
func TestConnectionRefused(t *testing.T) {
	d := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 10}, RequireTLS: true})
	expired := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 10}, Certificate: lab.Expired})
	wrongName := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 10}, Certificate: lab.WrongName})
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { silent.Close() })
	for _, tc := range []struct {
		name, url string
		change    func(*ldapsource.Options)
		is        error
		says      string
	}{
		{name: "nobody listens", url: "ldaps://127.0.0.1:1", is: provisioning.ErrUnavailable, says: "refused"},
		{name: "unknown host", url: "ldaps://no-such-host.invalid", is: provisioning.ErrUnavailable, says: "no-such-host"},
		{name: "a web server, LDAPS", url: "ldaps" + strings.TrimPrefix(web.URL, "http"), says: "does the port speak TLS"},
		{name: "a web server, StartTLS", url: "ldap" + strings.TrimPrefix(web.URL, "http"), is: provisioning.ErrUnavailable, says: "StartTLS",
			change: func(o *ldapsource.Options) { o.Timeout = time.Second }},
		{name: "a server that says nothing", url: "ldap://" + silent.Addr().String(), is: provisioning.ErrUnavailable, says: "StartTLS",
			change: func(o *ldapsource.Options) { o.Timeout = time.Second }},
		{name: "LDAPS on the plain port", url: "ldaps" + strings.TrimPrefix(d.URL, "ldap"), says: "TLS",
			change: func(o *ldapsource.Options) { o.Timeout = time.Second }},
		{name: "broken off in the bind", url: brokenBind(t), is: provisioning.ErrUnavailable, says: "bind",
			change: func(o *ldapsource.Options) { o.AllowPlaintext = true }},
		{name: "unknown CA", url: d.TLSURL, change: func(o *ldapsource.Options) { o.TLS = nil }, says: "name the CA"},
		{name: "unknown CA, StartTLS", url: d.URL, change: func(o *ldapsource.Options) { o.TLS = &tls.Config{RootCAs: x509.NewCertPool()} }, says: "name the CA"},
		{name: "expired certificate", url: expired.TLSURL, change: func(o *ldapsource.Options) { o.TLS.RootCAs = expired.CA.Pool }, says: "needs a new certificate"},
		{name: "certificate of another host", url: wrongName.TLSURL, change: func(o *ldapsource.Options) { o.TLS.RootCAs = wrongName.CA.Pool }, says: "by a name that the certificate has"},
		{name: "wrong password", url: d.TLSURL, change: func(o *ldapsource.Options) { o.Bind = ldapsource.SimpleBind{DN: d.BindDN, Password: "s3cret"} },
			is: provisioning.ErrUnauthorized, says: "check the name and the password"},
		{name: "empty password", url: d.TLSURL, change: func(o *ldapsource.Options) { o.Bind = ldapsource.SimpleBind{DN: d.BindDN} }, says: "no password"},
		{name: "plain, as the server forbids", url: d.URL, change: func(o *ldapsource.Options) { o.AllowPlaintext, o.TLS = true, nil },
			is: provisioning.ErrUnauthorized, says: "the server wants TLS"},
		{name: "nobody binds", url: d.TLSURL, change: func(o *ldapsource.Options) { o.Bind = nil }, is: ldapsource.ErrIncomplete, says: "may not see it"},
		{name: "base that is not there", url: d.TLSURL, change: func(o *ldapsource.Options) { o.Bases = []string{"dc=elsewhere"} }, is: ldapsource.ErrIncomplete},
		{name: "page size that is refused", url: d.TLSURL, change: func(o *ldapsource.Options) { o.PageSize = 5000 }, is: ldapsource.ErrIncomplete, says: "PageSize"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := options(d)
			if tc.change != nil {
				tc.change(o)
			}
			records, bad, end := read(t, newSource(t, tc.url, o), provisioning.User)
			if len(records)+len(bad) > 0 || end == nil || tc.is != nil && !errors.Is(end, tc.is) || !strings.Contains(end.Error(), tc.says) {
				t.Errorf("%d records, error %v; want an error of class %v that says %q", len(records), end, tc.is, tc.says)
			}
			if end != nil && strings.Contains(end.Error(), "s3cret") {
				t.Errorf("the error shows the password: %v", end)
			}
		})
	}
}

// The limits of a server make a read incomplete, however many entries it gave: here 500, for all pages together.
func TestServerLimits(t *testing.T) {
	d := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 600}})
	o := options(d)
	o.Bind = ldapsource.SimpleBind{DN: d.DN(&d.Company.People[0].Entry), Password: people.Password}
	o.PageSize = 200
	records, _, end := read(t, newSource(t, d.TLSURL, o), provisioning.User)
	if !errors.Is(end, ldapsource.ErrIncomplete) || !strings.Contains(end.Error(), "raise the limit") {
		t.Errorf("%d records, error %v, want ErrIncomplete", len(records), end)
	}
}

// A read whose connection breaks once starts again, and gives everybody exactly once.
func TestBrokenOnce(t *testing.T) {
	d := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 300}})
	o := options(d)
	o.PageSize = 50
	for _, n := range []int{0, 5000, 20_000, 40_000, 60_000} {
		cutter := ldaptest.NewCutter(t, d.TLSURL, -1, n, -1)
		s := newSource(t, cutter.URL, o)
		require.NoError(t, s.Ping(t.Context()))
		seen := map[provisioning.ID]int{}
		for r, err := range s.Records(t.Context(), provisioning.User) {
			if n == 0 && err != nil { // broken before it began
				break
			}
			require.NoError(t, err, "cut after %d bytes", n)
			seen[r.ID]++
		}
		if n == 0 {
			continue
		}
		for id, times := range seen {
			if times != 1 {
				t.Errorf("cut after %d bytes: %s was given %d times", n, id, times)
			}
		}
		if len(seen) != 300 || cutter.Conns() < 3 {
			t.Errorf("cut after %d bytes: %d people over %d connections, want 300 over 3 at least", n, len(seen), cutter.Conns())
		}
	}
}

// A server that is killed in mid-read is an error; paused for too long, it is one too.
func TestServerGone(t *testing.T) {
	d := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 2000}})
	for _, tc := range []struct {
		name string
		stop func()
	}{{"stopped", d.Pause}, {"killed", d.Kill}} {
		t.Run(tc.name, func(t *testing.T) {
			o := options(d)
			o.PageSize, o.Timeout = 50, time.Second
			n := 0
			var end error
			for _, err := range newSource(t, d.TLSURL, o).Records(t.Context(), provisioning.User) {
				if n++; n == 10 {
					tc.stop()
				}
				end = err
			}
			if tc.name == "stopped" {
				d.Resume()
			}
			if !errors.Is(end, provisioning.ErrUnavailable) || n >= 2000 {
				t.Errorf("%d records, error %v; want fewer and ErrUnavailable", n, end)
			}
		})
	}
}

// records are the servers that DNS names for a domain: first one that is down.
func records(t *testing.T, service, url string) func(context.Context, string, string, string) (string, []*net.SRV, error) {
	_, address, _ := strings.Cut(url, "://")
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	return func(_ context.Context, asked, proto, name string) (string, []*net.SRV, error) {
		require.Equal(t, "_"+service+"._tcp.lab.example", "_"+asked+"._"+proto+"."+name)
		p, err := net.LookupPort("tcp", port)
		return "", []*net.SRV{{Target: "127.0.0.1.", Port: 1}, {Target: "127.0.0.1.", Port: uint16(p)}}, err
	}
}

// brokenBind is a server that takes a bind and hangs up.
func brokenBind(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Read(make([]byte, 10))
			c.Close()
		}
	}()
	return "ldap://" + l.Addr().String()
}

// A server that cannot be reached, or that breaks off, is replaced by the next one, and everybody is given once.
func TestFallback(t *testing.T) {
	d := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 300}})
	for _, tc := range []struct {
		name, url string
		change    func(*ldapsource.Options)
	}{
		{name: "second URL", url: "ldaps://127.0.0.1:1", change: func(o *ldapsource.Options) { o.Fallbacks = []string{d.TLSURL} }},
		{name: "SRV records", url: "ldaps:///dc=lab,dc=example", change: func(o *ldapsource.Options) { o.LookupSRV = records(t, "ldaps", d.TLSURL) }},
		{name: "SRV records, StartTLS", url: "ldap:///dc=lab,dc=example", change: func(o *ldapsource.Options) { o.LookupSRV = records(t, "ldap", d.URL) }},
		{name: "broken off in the bind", url: brokenBind(t), change: func(o *ldapsource.Options) {
			o.AllowPlaintext, o.Fallbacks = true, []string{d.URL}
		}},
		{name: "broken off in the middle", url: ldaptest.NewCutter(t, d.TLSURL, 30_000, 0).URL,
			change: func(o *ldapsource.Options) { o.PageSize, o.Fallbacks = 50, []string{d.TLSURL} }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := options(d)
			tc.change(o)
			list, _, err := read(t, newSource(t, tc.url, o), provisioning.User)
			once := map[provisioning.ID]bool{}
			for _, r := range list {
				once[r.ID] = true
			}
			if err != nil || len(list) != 300 || len(once) != 300 {
				t.Errorf("%d records of %d people, error %v; want 300", len(list), len(once), err)
			}
		})
	}
}

// DNS names the servers of an Active Directory by one port only, which is not that of LDAPS; and it may know none.
func TestSRVRecords(t *testing.T) {
	for _, tc := range []struct {
		name, url string
		known     map[string][]*net.SRV
		says      string
	}{
		{"Active Directory, LDAPS", "ldaps:///dc=lab,dc=example", map[string][]*net.SRV{"ldap": {{Target: "dc1.invalid.", Port: 389}}}, "ldaps://dc1.invalid:636"},
		{"Active Directory, StartTLS", "ldap:///dc=lab,dc=example", map[string][]*net.SRV{"ldap": {{Target: "dc1.invalid.", Port: 389}}}, "ldap://dc1.invalid:389"},
		{"LDAPS has a port of its own", "ldaps:///dc=lab,dc=example", map[string][]*net.SRV{"ldaps": {{Target: "dc1.invalid.", Port: 1636}}}, "ldaps://dc1.invalid:1636"},
		{"every server is tried", "ldap:///dc=lab,dc=example", map[string][]*net.SRV{"ldap": {{Target: "dc1.invalid.", Port: 389}, {Target: "dc2.invalid.", Port: 3890}}}, "ldap://dc2.invalid:3890"},
		{"none", "ldap:///dc=lab,dc=example", nil, "finding servers by DNS"},
		{"an empty answer", "ldap:///dc=lab,dc=example", map[string][]*net.SRV{"ldap": {}}, "no _ldap._tcp record for lab.example"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := &ldapsource.Options{LookupSRV: func(_ context.Context, service, _, name string) (string, []*net.SRV, error) {
				if list, ok := tc.known[service]; ok {
					return "", list, nil
				}
				return "", nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
			}}
			err := newSource(t, tc.url, o).Ping(t.Context())
			if !errors.Is(err, provisioning.ErrUnavailable) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v, want ErrUnavailable that says %q", err, tc.says)
			}
		})
	}
}

// A server may want a certificate of every client, whatever that binds with then.
func TestClientCertificate(t *testing.T) {
	d := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 10}, RequireCertificate: true})
	cert, key := d.CA.Client("anybody")
	pair, err := tls.LoadX509KeyPair(cert, key)
	require.NoError(t, err)
	for _, url := range []string{d.TLSURL, d.URL} {
		o := options(d)
		_, _, err = read(t, newSource(t, url, o), provisioning.User)
		if err == nil || !strings.Contains(err.Error(), "client certificate") {
			t.Errorf("%s, without a certificate: error %v, want one that says what is missing", url, err)
		}
		o.TLS.Certificates = []tls.Certificate{pair}
		list, _, err := read(t, newSource(t, url, o), provisioning.User)
		if err != nil || len(list) != 10 {
			t.Errorf("%s: %d records, error %v; want 10", url, len(list), err)
		}
	}
}

// SASL EXTERNAL takes the certificate for proof, and on a socket the user of the operating system.
func TestExternalBind(t *testing.T) {
	d := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 10}, RequireTLS: true})
	cert, key := d.CA.Client("sync")
	pair, err := tls.LoadX509KeyPair(cert, key)
	require.NoError(t, err)
	for _, url := range []string{d.TLSURL, d.URL, d.SocketURL} {
		o := options(d)
		o.Bind, o.TLS.Certificates = ldapsource.ExternalBind{}, []tls.Certificate{pair}
		records, _, err := read(t, newSource(t, url, o), provisioning.User)
		if err != nil || len(records) != 10 {
			t.Errorf("%s: %d records, error %v; want 10", url, len(records), err)
		}
	}
}

// What cannot work is said before anything is connected.
func TestBadOptions(t *testing.T) {
	custom := ldapsource.OpenLDAP()
	custom.Syntaxes["mail"] = "mail"
	for _, tc := range []struct {
		name, url string
		o         ldapsource.Options
		says      string
	}{
		{name: "no scheme", url: "dc1.example.org", says: "ldaps://host"},
		{name: "http", url: "https://dc1.example.org", says: "scheme"},
		{name: "a password in the URL", url: "ldap://me:secret@dc1.example.org", says: "more than"},
		{name: "neither host nor domain", url: "ldap:///", says: "neither a host nor a domain"},
		{name: "filter", url: "ldap://x", o: ldapsource.Options{Filters: map[provisioning.Kind]string{"User": "(mail=*"}}, says: "filter for User"},
		{name: "base", url: "ldap://x", o: ldapsource.Options{Bases: []string{"example.org"}}, says: "Bases"},
		{name: "exclude", url: "ldap://x", o: ldapsource.Options{Exclude: []string{"OU"}}, says: "Exclude"},
		{name: "dialect without ID", url: "ldap://x", o: ldapsource.Options{Dialect: &ldapsource.Dialect{Name: "mine"}}, says: "mine"},
		{name: "unknown syntax", url: "ldap://x", o: ldapsource.Options{Dialect: custom}, says: "mail"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := ldapsource.New(tc.url, &tc.o)
			if err == nil || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "secret") {
				t.Errorf("error %v, want one that says %q", err, tc.says)
			}
			if tc.url == "ldap://x" {
				_, err = ldapsource.NewLDIF(func() (io.ReadCloser, error) { return nil, nil }, &tc.o)
				if err == nil || !strings.Contains(err.Error(), tc.says) {
					t.Errorf("LDIF: error %v, want one that says %q", err, tc.says)
				}
			}
		})
	}
}
