package lab

import (
	"bytes"
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// SambaOptions set up an Active Directory domain controller; the zero value gives a good one.
type SambaOptions struct {
	Contents
	// Realm is the DNS name of the domain; "corp.example" when empty. Two realms are two forests.
	Realm string
	// Kerberos starts a KDC too: see SPN and KRB5Config of Directory.
	Kerberos bool
	// Certificate is the kind that it shows.
	Certificate Certificate
	// RecycleBin lets what is deleted be restored.
	RecycleBin bool
}

// adPassword is the password of the accounts of a domain, and dcHost the controller's name.
const (
	adPassword = "Lab-Adm1n.Pass"
	dcHost     = "dc1"
)

// Samba starts a Samba Active Directory domain controller with a company in it, at an address of its
// own in 127.0.0.0/8, since its ports cannot be chosen: 389, 636, and 3268 and 3269 for the global
// catalogue. That needs root. As Active Directory it refuses a simple bind without TLS.
//
// The first start with certain contents makes the domain, which takes 10 s and 2.5 s for each 1,000
// people; later ones copy it. It is then the same domain: SID, GUIDs and invocationId.
//
// It is not in all as Active Directory: it has no MaxPageSize, cuts no member list at 1,500 unless a
// range is asked for, and gives a whole DirSync in one answer.
func Samba(t testing.TB, o *SambaOptions) *Directory {
	t.Helper()
	Need(t, "samba")
	opt := *cmp.Or(o, &SambaOptions{})
	opt.Realm = cmp.Or(opt.Realm, "corp.example")
	c := opt.company(opt.Realm)
	dir := tempDir(t)
	m := domainMaker{base: c.Base(), realm: opt.Realm, tool: program(t, "samba-tool"), ldbmodify: program(t, "ldbmodify")}
	var load bytes.Buffer
	if err := c.WriteSamba(&load); err != nil {
		t.Fatalf("writing what samba is to load: %v", err)
	}
	data := filepath.Join(dir, "dom")
	err := image(data, "samba", append(load.Bytes(), m.version()...), func(dir string) error { return m.make(dir, load.Bytes()) })
	if err == nil && opt.RecycleBin {
		err = m.enableRecycleBin(data)
	}
	if err != nil {
		t.Fatalf("making a domain: %v", err)
	}
	d := &Directory{
		Process: &Process{t: t, name: "samba", dir: data, ask: syscall.SIGTERM},
		Base:    c.Base(), AdminDN: "administrator@" + opt.Realm, AdminPassword: adPassword,
		BindDN: "svc-sync@" + opt.Realm, Password: adPassword, ReplicatorDN: "svc-dirsync@" + opt.Realm,
		CA: NewAuthority(t), Company: c, DN: c.DN,
		Realm: strings.ToUpper(opt.Realm), SPN: "ldap/" + dcHost + "." + opt.Realm, KRB5Config: filepath.Join(dir, "krb5.conf"),
	}
	conf := filepath.Join(dir, "smb.conf")
	d.argv = []string{program(t, "samba"), "-i", "-M", "single", "--configfile=" + conf}
	d.startAt(func() {
		addr := freeAddress(t, 389, 636, 3268, 3269, 88, 464)
		cert, key := d.CA.Server(opt.Certificate, dcHost+"."+opt.Realm, addr, "127.0.0.1")
		services := "ldap"
		d.addrs = []string{addr + ":389", addr + ":636", addr + ":3268", addr + ":3269"}
		if opt.Kerberos {
			services = "ldap, kdc"
			d.addrs = append(d.addrs, addr+":88")
		}
		d.URL, d.TLSURL, d.CatalogURL = "ldap://"+addr, "ldaps://"+addr, "ldaps://"+addr+":3269"
		write(t, conf, smbConf(data, opt.Realm, addr)+"server services = "+services+"\ntls cafile = "+d.CA.File+
			"\ntls certfile = "+cert+"\ntls keyfile = "+key+"\nldap server require strong auth = allow_sasl_over_tls\n")
		write(t, d.KRB5Config, krb5Conf(d.Realm, opt.Realm, addr))
	})
	return d
}

// A domainMaker makes the data of a domain.
type domainMaker struct{ base, realm, tool, ldbmodify string }

// version changes whenever a domain is made in another way.
func (m domainMaker) version() []byte { return []byte(m.base + " 2") }

// make makes a domain and loads it.
func (m domainMaker) make(dir string, load []byte) error {
	if err := image(dir, "samba-bare", m.version(), m.provision); err != nil {
		return err
	}
	conf := filepath.Join(dir, "make.conf")
	if err := os.WriteFile(conf, []byte(smbConf(dir, m.realm, "127.0.0.1")), 0o644); err != nil {
		return err
	}
	// Straight into the database, in pieces of 2,000 records: the default mode copies the indexes
	// for each record, and the price of a record grows with what its transaction holds already.
	const piece = 2000
	records := bytes.SplitAfter(bytes.TrimRight(load, "\n"), []byte("\n\n"))
	for len(records) > 0 {
		n := min(piece, len(records))
		part := filepath.Join(dir, "load.ldif")
		if err := os.WriteFile(part, bytes.Join(records[:n], nil), 0o644); err != nil {
			return err
		}
		err := run(dir, nil, nil, m.ldbmodify, "--nosync", "-o", "batch_mode:1",
			"-H", filepath.Join(dir, "private", "sam.ldb"), "--configfile="+conf, part)
		if err != nil {
			return err
		}
		records = records[n:]
	}
	return os.Remove(filepath.Join(dir, "load.ldif"))
}

// enableRecycleBin turns it on in the database: the server lets nobody do so over LDAP.
func (m domainMaker) enableRecycleBin(dir string) error {
	const feature = "766ddcd8-acd0-445e-f3b9-a7f9b6744f2a" // MS-ADTS section 3.1.1.9.1
	conf, file := filepath.Join(dir, "make.conf"), filepath.Join(dir, "feature.ldif")
	change := "dn:\nchangetype: modify\nadd: enableOptionalFeature\nenableOptionalFeature: CN=Partitions,CN=Configuration," + m.base + ":" + feature + "\n"
	if err := errors.Join(os.WriteFile(conf, []byte(smbConf(dir, m.realm, "127.0.0.1")), 0o644), os.WriteFile(file, []byte(change), 0o644)); err != nil {
		return err
	}
	return run(dir, nil, nil, m.ldbmodify, "-H", filepath.Join(dir, "private", "sam.ldb"), "--configfile="+conf, file)
}

// provision makes a domain without people.
func (m domainMaker) provision(dir string) error {
	for _, sub := range []string{"etc", "run", "log"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return err
		}
	}
	// Without settings of our own it would take those of /etc/samba/smb.conf into the domain.
	empty, conf := filepath.Join(dir, "etc", "empty.conf"), filepath.Join(dir, "make.conf")
	if err := os.WriteFile(empty, []byte("[global]\n"), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(conf, []byte(smbConf(dir, m.realm, "127.0.0.1")), 0o644); err != nil {
		return err
	}
	sam := []string{"-H", filepath.Join(dir, "private", "sam.ldb"), "--configfile=" + conf}
	for _, argv := range [][]string{
		// xattr_tdb keeps the attributes of SYSVOL's files in a file, whatever this file system can do.
		{"domain", "provision", "--configfile=" + empty, "--targetdir=" + dir, "--server-role=dc", "--use-rfc2307",
			"--dns-backend=NONE", "--realm=" + strings.ToUpper(m.realm), "--domain=" + netbios(m.realm),
			"--host-name=" + dcHost, "--host-ip=127.0.0.1", "--adminpass=" + adPassword,
			"--option=interfaces=127.0.0.1/8", "--option=bind interfaces only=yes",
			"--option=vfs objects=dfs_samba4 acl_xattr xattr_tdb"},
		append([]string{"domain", "passwordsettings", "set", "--complexity=off", "--min-pwd-length=1",
			"--min-pwd-age=0", "--max-pwd-age=0", "--history-length=0"}, sam...),
		append([]string{"user", "create", "svc-sync", adPassword}, sam...),
		append([]string{"user", "create", "svc-dirsync", adPassword}, sam...),
		// DS-Replication-Get-Changes, which DirSync asks for.
		append([]string{"dsacl", "set", "--action=allow", "--car=get-changes", "--objectdn=" + m.base,
			"--trusteedn=CN=svc-dirsync,CN=Users," + m.base}, sam...),
		// What a controller registers for itself when it runs as a whole; Kerberos needs it.
		append([]string{"spn", "add", "ldap/" + dcHost + "." + m.realm, strings.ToUpper(dcHost) + "$"}, sam...),
	} {
		if err := run(dir, nil, nil, append([]string{m.tool}, argv...)...); err != nil {
			return err
		}
	}
	return nil
}

// netbios is the short name of a domain.
func netbios(realm string) string {
	name, _, _ := strings.Cut(strings.ToUpper(realm), ".")
	return name
}

// smbConf is what a domain in dir at addr is set up with: only what a client of a directory talks
// to, no SMB, DNS or RPC.
func smbConf(dir, realm, addr string) string {
	return strings.NewReplacer("DIR", dir, "HOST", strings.ToUpper(dcHost), "DOMAIN", netbios(realm),
		"REALM", strings.ToUpper(realm), "ADDR", addr).Replace(`[global]
netbios name = HOST
workgroup = DOMAIN
realm = REALM
server role = active directory domain controller
interfaces = ADDR/8
bind interfaces only = yes
disable netbios = yes
private dir = DIR/private
state directory = DIR/state
cache directory = DIR/cache
lock directory = DIR
pid directory = DIR/run
ncalrpc dir = DIR/run/ncalrpc
ntp signd socket directory = DIR/run/ntp_signd
winbindd socket directory = DIR/run/winbindd
log file = DIR/log/log.%m
log level = 0
load printers = no
vfs objects = dfs_samba4 acl_xattr xattr_tdb
`)
}

// krb5Conf leads a client to the KDC by address, since no DNS serves the realm.
func krb5Conf(realm, dns, addr string) string {
	return strings.NewReplacer("REALM", realm, "DNS", dns, "ADDR", addr).Replace(`[libdefaults]
default_realm = REALM
dns_lookup_kdc = false
dns_lookup_realm = false
dns_canonicalize_hostname = false
rdns = false
udp_preference_limit = 1
[realms]
REALM = {
	kdc = ADDR:88
}
[domain_realm]
.DNS = REALM
`)
}
