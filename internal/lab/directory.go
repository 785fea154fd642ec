package lab

import (
	"crypto/tls"
	"fmt"
	"syscall"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/internal/lab/people"
)

// A Directory is a directory server that runs.
type Directory struct {
	*Process
	// URL is where it takes plain connections and StartTLS, TLSURL where it takes LDAPS.
	URL, TLSURL string
	// SocketURL is a socket of OpenLDAP on this machine, ldapi:///path.
	SocketURL string
	// CatalogURL is the global catalogue of an Active Directory, over LDAPS.
	CatalogURL string
	// Base is the DN that everything stands under.
	Base string
	// BindDN and Password are of the account to read with: it has the limits that a directory has.
	BindDN, Password string
	// ReplicatorDN is an account as BindDN, with Password, that may also use DirSync. Only Samba has it.
	ReplicatorDN string
	// AdminDN and AdminPassword are of the account that may do everything.
	AdminDN, AdminPassword string
	// CA signed its certificate.
	CA *Authority
	// Company is what was loaded.
	Company *people.Company
	// DN tells where an entry of the company stands in this directory.
	DN func(*people.Entry) string
	// Realm, SPN and KRB5Config are for Kerberos, where the server speaks it: the realm, the service
	// principal of the LDAP server, and the path of a krb5.conf.
	Realm, SPN, KRB5Config string
}

// Contents says what a directory is loaded with: the company that these options make.
type Contents struct {
	People int // 1,000 when zero
	Groups int // 40 when zero
	Seed   uint64
}

func (c Contents) company(domain string) *people.Company {
	return people.New(&people.Options{People: c.People, Groups: c.Groups, Seed: c.Seed, Domain: domain})
}

// newDirectory describes a directory that is no Active Directory, with a company in it, whose server is to be started.
func newDirectory(t testing.TB, name, dir string, c *people.Company) *Directory {
	return &Directory{
		Process: &Process{t: t, name: name, dir: dir, ask: syscall.SIGTERM},
		Base:    c.LDAPBase(), AdminPassword: secret,
		BindDN: "cn=sync,ou=services," + c.LDAPBase(), Password: secret,
		CA: NewAuthority(t), Company: c, DN: c.LDAPDN,
	}
}

// reader is the entry of the account to read with, as LDIF.
func (d *Directory) reader() string {
	return "dn: " + d.BindDN + "\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\ncn: sync\nuserPassword: " + d.Password + "\n"
}

// choosePorts chooses free ports for LDAP and LDAPS.
func (d *Directory) choosePorts() (plain, secure int) {
	ports := freePorts(d.t, 2)
	d.addrs = []string{fmt.Sprintf("127.0.0.1:%d", ports[0]), fmt.Sprintf("127.0.0.1:%d", ports[1])}
	d.URL, d.TLSURL = "ldap://"+d.addrs[0], "ldaps://"+d.addrs[1]
	return ports[0], ports[1]
}

// Admin gives a connection of the administrator, over LDAPS. It is closed after the test.
func (d *Directory) Admin(t testing.TB) *ldap.Conn {
	t.Helper()
	return d.dial(t, d.AdminDN, d.AdminPassword)
}

// Reader gives a connection of the account to read with, over LDAPS. It is closed after the test.
func (d *Directory) Reader(t testing.TB) *ldap.Conn {
	t.Helper()
	return d.dial(t, d.BindDN, d.Password)
}

func (d *Directory) dial(t testing.TB, dn, password string) *ldap.Conn {
	t.Helper()
	conn, err := ldap.DialURL(d.TLSURL, ldap.DialWithTLSConfig(d.tls()))
	if err != nil {
		t.Fatalf("connecting to %s: %v", d.name, err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.Bind(dn, password); err != nil {
		t.Fatalf("binding to %s as %s: %v", d.name, dn, err)
	}
	return conn
}

// tls trusts the server whatever certificate a test has given it.
func (d *Directory) tls() *tls.Config { return &tls.Config{InsecureSkipVerify: true} }
