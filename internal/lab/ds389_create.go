package lab

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Where lib389 looks for the instance that it makes, and nowhere else.
const (
	instance    = "usersynclab"
	instanceEtc = "/etc/dirsrv/slapd-" + instance
)

// create makes an empty instance in inst. It takes 6-9 s. Two at once would be in each other's way:
// image lets only one through.
func (m *instanceMaker) create(inst string) (err error) {
	clean := func() error { // also what is left of one that did not end well
		endLeftover()
		return os.RemoveAll(instanceEtc)
	}
	if err := clean(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, clean()) }()
	// Where the server puts its pid while it is made; without systemd nobody has made it.
	if err := os.MkdirAll("/run/dirsrv", 0o755); err != nil {
		return err
	}
	if err := os.Chown("/run/dirsrv", int(m.account.Uid), int(m.account.Gid)); err != nil {
		return err
	}
	for _, sub := range []string{"share/dirsrv", "var/run", "var/tmp", "var/lock", "var/log"} {
		if err := os.MkdirAll(filepath.Join(inst, sub), 0o755); err != nil {
			return err
		}
	}
	if err := os.Chmod(filepath.Dir(inst), 0o755); err != nil {
		return err
	}
	// The server runs once while it is made, and would listen on every address: a template of its
	// settings, in a copy, keeps it on the loopback one from the start.
	if err := copyDir("/usr/share/dirsrv/data", filepath.Join(inst, "share", "dirsrv", "data")); err != nil {
		return err
	}
	template := filepath.Join(inst, "share", "dirsrv", "data", "template-dse.ldif")
	b, err := os.ReadFile(template)
	if err != nil {
		return err
	}
	b = bytes.Replace(b, []byte("\nnsslapd-port:"), []byte("\nnsslapd-listenhost: 127.0.0.1\nnsslapd-securelistenhost: 127.0.0.1\nnsslapd-port:"), 1)
	if err := os.WriteFile(template, b, 0o644); err != nil {
		return err
	}
	inf := filepath.Join(inst, "lab.inf")
	conf := strings.NewReplacer("NAME", instance, "INST", inst, "BASE", m.base, "SECRET", secret).Replace(infTemplate)
	if err := os.WriteFile(inf, []byte(conf), 0o644); err != nil {
		return err
	}
	owner := fmt.Sprintf("%d:%d", m.account.Uid, m.account.Gid)
	if err := run(inst, nil, nil, "chown", "-R", owner, filepath.Join(inst, "var")); err != nil {
		return err
	}
	if err := run(inst, nil, []byte(createScript), "/usr/bin/python3", "-", inf); err != nil {
		return err
	}
	if err := copyDir(instanceEtc, filepath.Join(inst, "etc")); err != nil {
		return err
	}
	if err := m.rename(inst, instanceEtc, filepath.Join(inst, "etc")); err != nil {
		return err
	}
	if err := m.edit(inst, m.settings()...); err != nil {
		return err
	}
	if err := run(inst, nil, nil, "chown", "-R", owner, inst); err != nil {
		return err
	}
	return m.rename(inst, inst, mark)
}

// endLeftover ends a server of the instance that lib389 started and left behind when it failed.
func endLeftover() {
	commands, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range commands {
		b, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(b, []byte("ns-slapd\x00-D\x00"+instanceEtc+"\x00")) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// settings make it a server of this lab: quiet, nothing read without a bind, 1,000 entries at once
// and everything in pages, with no limit to how many candidates are looked at.
func (m *instanceMaker) settings() []setting {
	const plugins = ",cn=plugins,cn=config"
	s := []setting{
		{"cn=config", "nsslapd-security", "on"},
		{"cn=config", "nsslapd-allow-anonymous-access", "rootdse"},
		{"cn=config", "nsslapd-accesslog-logging-enabled", "off"},
		{"cn=config", "nsslapd-sizelimit", "1000"},
		{"cn=config", "nsslapd-pagedsizelimit", "-1"},
		{"cn=config,cn=ldbm database" + plugins, "nsslapd-lookthroughlimit", "-1"},
		{"cn=MemberOf Plugin" + plugins, "memberOfGroupAttr", "member"},
		{"cn=MemberOf Plugin" + plugins, "memberOfAutoAddOC", "nsMemberOf"},
	}
	for _, name := range []string{"MemberOf Plugin", "referential integrity postoperation", "Retro Changelog Plugin", "Content Synchronization"} {
		s = append(s, setting{"cn=" + name + plugins, "nsslapd-pluginEnabled", "on"})
	}
	return s
}

const infTemplate = `[general]
full_machine_name = localhost
start = False
strict_host_checking = False
systemd = False
selinux = False

[slapd]
instance_name = NAME
port = 38901
secure_port = 38902
root_password = SECRET
self_sign_cert = False
data_dir = INST/share
local_state_dir = INST/var
inst_dir = INST/var/inst
db_dir = INST/var/db
db_home_dir = INST/var/db
ldif_dir = INST/var/ldif
backup_dir = INST/var/bak
log_dir = INST/var/log
lock_dir = INST/var/lock
run_dir = INST/var/run
tmp_dir = INST/var/tmp
ldapi = INST/var/run/ldapi.socket

[backend-userroot]
suffix = BASE
create_suffix_entry = False
sample_entries = no
`

// lib389 was built for systemd, and "systemd = False" does not reach all of it.
const createScript = `
import logging, sys
from lib389.paths import Paths
Paths.with_systemd = property(lambda self: False)
from lib389.instance.setup import SetupDs
logging.basicConfig(level=logging.INFO)
done = SetupDs(verbose=True, dryrun=False, log=logging.getLogger("dscreate")).create_from_inf(sys.argv[1])
sys.exit(0 if done else 1)
`
