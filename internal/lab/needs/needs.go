// Package needs knows what the tests need besides Go: programs, and where they come from.
package needs

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A Need is a service or tool that tests use.
type Need struct {
	Name     string
	Programs []string // all of them must be there
	Packages []string // of Debian, which has them
	Root     bool     // it only works as root
}

// all are the needs that are known, by the names that the installer takes.
var all = []Need{
	{Name: "gcc", Programs: []string{"gcc"}, Packages: []string{"gcc", "libc6-dev"}},
	{Name: "slapd", Programs: []string{"slapd", "slapadd", "ldapsearch"}, Packages: []string{"slapd", "ldap-utils"}},
	{Name: "samba", Programs: []string{"samba", "samba-tool", "ldbmodify"}, Root: true,
		Packages: []string{"samba", "samba-ad-dc", "samba-ad-provision", "samba-dsdb-modules", "samba-vfs-modules",
			"winbind", "ldb-tools"}},
	{Name: "ds389", Programs: []string{"ns-slapd", "dscreate", "pk12util"}, Root: true,
		Packages: []string{"389-ds-base", "libnss3-tools"}},
	{Name: "postgresql", Programs: []string{"initdb", "postgres"}, Packages: []string{"postgresql"}},
}

// Lookup finds a need by its name.
func Lookup(name string) (Need, error) {
	for _, n := range all {
		if n.Name == name {
			return n, nil
		}
	}
	var names []string
	for _, n := range all {
		names = append(names, n.Name)
	}
	return Need{}, fmt.Errorf("nothing is known of %q; it can be %s", name, strings.Join(names, ", "))
}

// Missing tells why the need is not met on this machine; nil when it is.
func (n Need) Missing() error {
	for _, p := range n.Programs {
		if _, err := Find(p); err != nil {
			return fmt.Errorf("%s: %w", n.Name, err)
		}
	}
	if n.Root && os.Geteuid() != 0 {
		return fmt.Errorf("%s: works only as root", n.Name)
	}
	return nil
}

// Find gives the path of a program. Servers stand where PATH often does not lead.
func Find(program string) (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.Reverse(dirs) // the newest first
	for _, dir := range append([]string{"/usr/local/sbin", "/usr/sbin", "/sbin"}, dirs...) {
		if path, err := exec.LookPath(filepath.Join(dir, program)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("program %s is not installed", program)
}
