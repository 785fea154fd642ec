package lab

import (
	"bytes"
	"cmp"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// SlapdOptions set up an OpenLDAP server; the zero value gives a good one.
type SlapdOptions struct {
	Contents
	// PageSize is the largest page it gives; a larger one is refused. 1,000 when zero.
	PageSize int
	// SizeLimit is how many entries an answer has that is not paged; 1,000 when zero.
	SizeLimit int
	// RequireTLS refuses a password in the clear with confidentialityRequired (13).
	RequireTLS bool
	// Certificate is the kind that it shows.
	Certificate Certificate
	// RequireCertificate refuses TLS with a client that has no certificate of CA.Client.
	RequireCertificate bool
	// Config are more lines for slapd.conf, in the section of the database and after its syncprov.
	Config string
}

// The domain of a directory that is no Active Directory, and the password of its accounts.
const (
	domain = "lab.example"
	secret = "lab-secret"
)

// Slapd starts an OpenLDAP server with a company in it, and the overlays memberof, refint and
// syncprov. It takes LDAP, StartTLS and LDAPS on ports of 127.0.0.1, LDAP on a socket, and SASL EXTERNAL from a client
// with the certificate of CA.Client("sync"), or of our user on the socket. Nothing but the root DSE is read without a bind.
func Slapd(t testing.TB, o *SlapdOptions) *Directory {
	t.Helper()
	Need(t, "slapd")
	opt := *cmp.Or(o, &SlapdOptions{})
	c := opt.company(domain)
	dir := tempDir(t)
	d := newDirectory(t, "slapd", dir, c)
	d.AdminDN = "cn=admin," + d.Base
	write(t, filepath.Join(dir, "slapd.conf"), slapdConf(d, &opt))
	var load bytes.Buffer
	if err := c.WriteOpenLDAP(&load); err != nil {
		t.Fatalf("writing what slapd is to load: %v", err)
	}
	load.WriteString(d.reader())
	slapadd := program(t, "slapadd")
	err := image(filepath.Join(dir, "db"), "slapd", load.Bytes(), func(db string) error {
		if err := os.Mkdir(db, 0o700); err != nil {
			return err
		}
		// -q leaves out the checks of what is known to be right; -w writes the contextCSN that syncprov starts from.
		return run(dir, nil, load.Bytes(), slapadd, "-q", "-w", "-f", "slapd.conf", "-b", d.Base)
	})
	if err != nil {
		t.Fatalf("loading slapd: %v", err)
	}
	socket := filepath.Join(dir, "ldapi")
	d.SocketURL = "ldapi://" + socket
	d.startAt(func() {
		d.choosePorts()
		// -d 0 keeps it in the foreground.
		d.argv = []string{program(t, "slapd"), "-d", "0", "-h", d.URL + " " + d.TLSURL + " ldapi://" + url.PathEscape(socket), "-f", "slapd.conf"}
	})
	return d
}

func slapdConf(d *Directory, o *SlapdOptions) string {
	cert, key := d.CA.Server(o.Certificate, "localhost", "127.0.0.1")
	security := ""
	if o.RequireTLS {
		security = "security simple_bind=128"
	}
	verify := "try"
	if o.RequireCertificate {
		verify = "demand"
	}
	page, size := cmp.Or(o.PageSize, 1000), cmp.Or(o.SizeLimit, 1000)
	return strings.NewReplacer("BASE", d.Base, "SECRET", secret, "CA_FILE", d.CA.File, "CERT_FILE", cert, "KEY_FILE", key,
		"SECURITY", security, "VERIFY", verify, "USER", strconv.Itoa(os.Getuid()), "PAGE", fmt.Sprint(page), "SIZE", fmt.Sprint(size), "CONFIG", o.Config).Replace(slapdTemplate)
}

// The files are named from slapd's working directory, which is its folder. Like Active Directory it
// gives the reader only so many entries at once, and everything in pages. dbnosync: nothing in here
// has to outlive the machine.
const slapdTemplate = `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload refint
moduleload syncprov
loglevel none
threads 8
tool-threads 2
TLSCACertificateFile CA_FILE
TLSCertificateFile CERT_FILE
TLSCertificateKeyFile KEY_FILE
TLSVerifyClient VERIFY
authz-regexp "^cn=sync,o=lab$" "cn=sync,ou=services,BASE"
authz-regexp "^gidNumber=[0-9]+[+]uidNumber=USER,cn=peercred,cn=external,cn=auth$" "cn=sync,ou=services,BASE"
SECURITY
access to dn.base="" by * read
access to attrs=userPassword by anonymous auth by self write by * none
access to dn.base="cn=subschema" by * read
access to * by users read by * none

database mdb
suffix BASE
rootdn cn=admin,BASE
rootpw SECRET
directory db
maxsize 8589934592
dbnosync
index objectClass,uid,mail,employeeNumber eq
index cn,sn eq,sub
index member,memberOf,manager eq
index entryUUID,entryCSN,modifyTimestamp eq
limits dn.exact="cn=sync,ou=services,BASE" size.soft=SIZE size.hard=SIZE size.pr=PAGE size.prtotal=unlimited time=unlimited
limits * size.soft=500 size.hard=500

overlay syncprov
syncprov-checkpoint 1000 5
syncprov-sessionlog 10000
CONFIG
overlay refint
refint_attributes member manager
refint_nothing cn=nobody,BASE
overlay memberof
memberof-group-oc groupOfNames
memberof-member-ad member
memberof-memberof-ad memberOf
memberof-refint true
`
