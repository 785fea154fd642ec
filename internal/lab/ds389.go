package lab

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

// DS389Options set up a 389 Directory Server; the zero value gives a good one.
type DS389Options struct {
	Contents
	// Certificate is the kind that it shows.
	Certificate Certificate
	// ClosedChangelog leaves the retro changelog as it is installed: only the manager may read it, and it does not tell
	// the IDs of what was deleted.
	ClosedChangelog bool
}

// DS389 starts a 389 Directory Server with a company in it, and the plug-ins for memberOf (with the
// groups of groups), referential integrity, the retro changelog and content synchronization (RFC
// 4533; version 2.3 loses changes there). The reader may read the changelog, which tells IDs. It takes LDAP, StartTLS and LDAPS on ports of 127.0.0.1.
// The reader is given 1,000 entries at once, and everything in pages. It has to be made by root.
func DS389(t testing.TB, o *DS389Options) *Directory {
	t.Helper()
	Need(t, "ds389")
	opt := *cmp.Or(o, &DS389Options{})
	c := opt.company(domain)
	dir := tempDir(t)
	account, err := accountOf("dirsrv")
	if err != nil {
		t.Fatalf("finding the account to run 389 Directory Server as: %v", err)
	}
	server := program(t, "ns-slapd")
	m := &instanceMaker{base: c.LDAPBase(), server: server, account: account}
	d := newDirectory(t, "389 Directory Server", dir, c)
	d.AdminDN, d.user = "cn=Directory Manager", account
	var load bytes.Buffer
	if err := c.Write389(&load); err != nil {
		t.Fatalf("writing what 389 Directory Server is to load: %v", err)
	}
	load.WriteString(d.reader())
	inst := filepath.Join(dir, "inst")
	err = image(inst, "ds389", append(load.Bytes(), m.version()...), func(inst string) error { return m.make(inst, load.Bytes()) })
	if err == nil {
		err = m.own(d, inst, opt.Certificate)
	}
	if err != nil {
		t.Fatalf("making a 389 Directory Server: %v", err)
	}
	if !opt.ClosedChangelog {
		err := m.edit(inst, setting{"cn=Retro Changelog Plugin,cn=plugins,cn=config", "nsslapd-attribute", "nsuniqueid:targetUniqueId"})
		if err != nil {
			t.Fatalf("setting up 389 Directory Server: %v", err)
		}
	}
	if err := os.Chown(dir, int(account.Uid), int(account.Gid)); err != nil {
		t.Fatal(err)
	}
	d.startAt(func() {
		plain, secure := d.choosePorts()
		err := m.edit(inst, setting{"cn=config", "nsslapd-port", fmt.Sprint(plain)}, setting{"cn=config", "nsslapd-securePort", fmt.Sprint(secure)})
		if err != nil {
			t.Fatalf("setting up 389 Directory Server: %v", err)
		}
		d.argv = []string{server, "-D", filepath.Join(inst, "etc"), "-i", filepath.Join(inst, "var", "run", "pid"), "-d", "0"}
	})
	if !opt.ClosedChangelog {
		d.OpenChangelog(t)
	}
	return d
}

// OpenChangelog lets the reader of a 389 Directory Server read the retro changelog.
func (d *Directory) OpenChangelog(t testing.TB) {
	t.Helper()
	m := ldap.NewModifyRequest("cn=changelog", nil)
	m.Add("aci", []string{`(target="ldap:///cn=changelog")(targetattr="*")(version 3.0; acl "sync"; allow (read,search,compare) userdn="ldap:///` + d.BindDN + `";)`})
	if err := d.Admin(t).Modify(m); err != nil {
		t.Fatalf("opening the changelog: %v", err)
	}
}

// An instanceMaker makes the folder of a server: etc with its settings, var with its data. The
// settings name the folder itself; what is kept has a mark there instead.
type instanceMaker struct {
	base, server string
	account      *syscall.Credential
}

// mark stands for the folder in settings that are kept.
const mark = "@FOLDER@"

// version changes whenever an instance is made in another way.
func (m *instanceMaker) version() []byte { return []byte(m.base + " 1") }

// make makes an instance and loads it.
func (m *instanceMaker) make(inst string, load []byte) error {
	if err := image(inst, "ds389-bare", m.version(), m.create); err != nil {
		return err
	}
	if err := m.rename(inst, mark, inst); err != nil {
		return err
	}
	file := filepath.Join(inst, "var", "load.ldif")
	if err := os.WriteFile(file, load, 0o644); err != nil {
		return err
	}
	if err := run(inst, m.account, nil, m.server, "ldif2db", "-D", filepath.Join(inst, "etc"), "-n", "userroot", "-i", file); err != nil {
		return err
	}
	return errors.Join(os.Remove(file), m.rename(inst, inst, mark))
}

// own makes an instance that was copied into inst one of this place, with a certificate.
func (m *instanceMaker) own(d *Directory, inst string, kind Certificate) error {
	if err := m.rename(inst, mark, inst); err != nil {
		return err
	}
	cert, key := d.CA.Server(kind, "localhost", "127.0.0.1")
	etc, p12 := filepath.Join(inst, "etc"), filepath.Join(inst, "server.p12")
	pin := filepath.Join(etc, "pwdfile.txt")
	for _, argv := range [][]string{
		{"openssl", "pkcs12", "-export", "-name", "Server-Cert", "-inkey", key, "-in", cert, "-passout", "pass:lab", "-out", p12},
		{"pk12util", "-i", p12, "-W", "lab", "-d", etc, "-k", pin},
		{"certutil", "-A", "-n", "lab-ca", "-t", "CT,,", "-i", d.CA.File, "-d", etc, "-f", pin},
		{"chown", "-R", fmt.Sprintf("%d:%d", m.account.Uid, m.account.Gid), inst},
	} {
		if err := run(inst, nil, nil, argv...); err != nil {
			return err
		}
	}
	return nil
}

// rename puts one name of the folder in the place of another in its settings.
func (m *instanceMaker) rename(inst, from, to string) error {
	path := filepath.Join(inst, "etc", "dse.ldif")
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, bytes.ReplaceAll(b, []byte(from), []byte(to)), 0o600)
}

// A setting is the value of an attribute in the settings of a server that stands still.
type setting struct{ dn, name, value string }

// edit changes the settings.
func (m *instanceMaker) edit(inst string, settings ...setting) error {
	path := filepath.Join(inst, "etc", "dse.ldif")
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	entries := strings.Split(strings.ReplaceAll(string(b), "\n ", ""), "\n\n") // unfolded
	for _, s := range settings {
		found := false
		for i, entry := range entries {
			lines := strings.Split(strings.Trim(entry, "\n"), "\n")
			if !strings.EqualFold(lines[0], "dn: "+s.dn) {
				continue
			}
			found = true
			var kept []string
			for _, line := range lines {
				if name, _, _ := strings.Cut(line, ":"); !strings.EqualFold(name, s.name) {
					kept = append(kept, line)
				}
			}
			entries[i] = strings.Join(append(kept, s.name+": "+s.value), "\n")
		}
		if !found {
			return fmt.Errorf("the settings have no entry %s", s.dn)
		}
	}
	return os.WriteFile(path, []byte(strings.Join(entries, "\n\n")+"\n"), 0o600)
}
