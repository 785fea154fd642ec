package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/internal/lab"
)

// Rules that hold everybody are found before anybody is held.
func TestCheckRules(t *testing.T) {
	for _, test := range []struct {
		name, old, put string
		want           []string // empty: nothing is wrong
	}{
		{name: "as they are", old: "title:", put: "title:"},
		{name: "no such attribute", old: "emails: {from: mail}", put: "emial: {from: mail}", want: []string{"FAIL  rules: ", "mapping.yaml:", `attribute "emial" of User: no such attribute`}},
		{name: "no such reference", old: "members: {from: members}", put: "memebers: {from: members}", want: []string{"mapping.yaml:", `reference "memebers"`}},
		{name: "not to be written", old: "title:", put: "groups: {from: department}\n    title:", want: []string{"mapping.yaml:", `"groups"`}},
		{name: "against a rule of Plek", old: "title:", put: "photos: {from: department}\n    title:", want: []string{"mapping.yaml:", "profile pictures are not synchronised"}},
		{name: "a kind that the target does not have", old: "groups:\n", put: "kinds:\n  Device:\n    attributes: {serial: {from: serialNumber}}\ngroups:\n", want: []string{"mapping.yaml:", "records of kind Device"}},
		{name: "what must be there is not", old: "emails: {from: mail}", put: "nickName: {from: mail}", want: []string{"a user must have an e-mail address"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSetup(t, "  ldif: {file: "+demoFile(t, "day1.ldif")+"}", rulesWith(t, test.old, test.put))
			text, err := os.ReadFile(s.file)
			require.NoError(t, err)
			s.write(t, strings.Replace(string(text), "unique: [userName, emails]", "unique: [userName]", 1))
			status, stdout, stderr := call(t, "check", "-config", s.file)
			if len(test.want) == 0 {
				require.Equal(t, cli.StatusOK, status, stdout+stderr)
				require.Contains(t, stdout, "ok    rules ")
				return
			}
			require.Equal(t, cli.StatusFailed, status, stdout+stderr)
			for _, want := range test.want {
				require.Contains(t, stdout, want)
			}
			require.NotContains(t, stdout, "ok    rules")
		})
	}
}

// With -read an export is read to its end, as a run reads it.
func TestCheckReadsLDIF(t *testing.T) {
	export, err := os.ReadFile("demo/day1.ldif")
	require.NoError(t, err)
	for _, test := range []struct {
		name   string
		in     []byte
		status int
		want   []string
	}{
		{"whole", export, cli.StatusOK, []string{"ok    source: 1010 Users read to the end, ", "10 out of scope, 1 held", "note  record User/", "ok    source: 40 Groups read to the end, 0 out of scope, 0 held"}},
		{"cut off", export[:len(export)/2], cli.StatusFailed, []string{"FAIL  source: ", "export.ldif: line ", "the file is cut off"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "export.ldif")
			require.NoError(t, os.WriteFile(file, test.in, 0o600))
			s := newSetup(t, "  ldif: {file: "+file+"}", demoFile(t, "mapping.yaml"))
			status, stdout, stderr := call(t, "check", "-config", s.file, "-read")
			require.Equal(t, test.status, status, stdout+stderr)
			for _, want := range test.want {
				require.Contains(t, stdout, want)
			}
			require.Zero(t, s.plek.Writes())
		})
	}
}

// Records that would have in common what must be one's are told of before a run holds them, or the target refuses them.
func TestCheckDuplicates(t *testing.T) {
	const twoIDs = " [0-9a-f-]{36} [0-9a-f-]{36}\n"
	for _, test := range []struct {
		name, old, put, unique string
		want                   []string
		not                    string
	}{
		{name: "as policy.unique says", old: "title:", put: "title:", unique: "emails", want: []string{"note  2 Users would get the same emails, which must be one's:" + twoIDs}, not: "userName"},
		{name: "what policy.unique does not say", old: "title:", put: "title:", unique: "displayName", not: "emails"},
		{name: "in another case", old: "emails: {from: mail}", put: "emails: {expression: 'IIF([employeeID]=\"1000013\",ToUpper([mail]),[mail])'}", unique: "emails",
			want: []string{"note  2 Users would get the same emails, which must be one's:" + twoIDs}},
		{name: "user names, always", old: "userName: {from: userPrincipalName}", put: "userName: {from: department}", unique: "emails",
			want: []string{`note  \d+ Users would get the same userName, which must be one's:( [0-9a-f-]{36}){5} and \d+ more\n`, `note  ... and so for \d+ more values of userName\n`}},
		{name: "external IDs", old: "  attributes:\n    userName", put: "  key: department\n  attributes:\n    userName", unique: "userName",
			want: []string{`note  \d+ Users would get the same ExternalID, which must be one's:( [0-9a-f-]{36}){5} and \d+ more\n`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSetup(t, "  ldif: {file: "+demoFile(t, "day1.ldif")+"}", rulesWith(t, test.old, test.put))
			text, err := os.ReadFile(s.file)
			require.NoError(t, err)
			s.write(t, strings.Replace(string(text), "unique: [userName, emails]", "unique: ["+test.unique+"]", 1))
			status, stdout, stderr := call(t, "check", "-config", s.file, "-read")
			require.Equal(t, cli.StatusOK, status, stdout+stderr)
			for _, want := range test.want {
				require.Regexp(t, want, stdout)
			}
			if test.not != "" {
				require.NotContains(t, stdout, "same "+test.not)
			}
			require.NotContains(t, stdout, "@voorbeeld.example")
		})
	}
}

// What is to be set is called as the configuration calls it.
func TestCheckPlaintext(t *testing.T) {
	s := newSetup(t, "  ldif: {file: "+demoFile(t, "day1.ldif")+"}", demoFile(t, "mapping.yaml"))
	t.Setenv("TEST_PLEK", "http://plek.example")
	status, stdout, _ := call(t, "check", "-config", s.file)
	require.Equal(t, cli.StatusFailed, status)
	require.Contains(t, stdout, "or set allowPlaintext: true")
}

// What a run needs of this machine is tried.
func TestCheckMachine(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	for _, test := range []struct {
		name, more string
		broken     bool // the state
		status     int
		want       string
	}{
		{name: "free address", more: "monitor: {address: \"127.0.0.1:0\"}\n", want: "ok    monitor 127.0.0.1:0"},
		{name: "address in use", more: "monitor: {address: \"" + taken.Addr().String() + "\"}\n", want: "note  monitor: " + taken.Addr().String() + " is in use"},
		{name: "address of another machine", more: "monitor: {address: \"192.0.2.1:9464\"}\n", status: cli.StatusFailed, want: "usersync.yaml:8:20: monitor.address"},
		{name: "broken state", broken: true, status: cli.StatusFailed, want: "history.json: state cannot be read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSetup(t, "  ldif: {file: "+demoFile(t, "day1.ldif")+"}", demoFile(t, "mapping.yaml"))
			text, err := os.ReadFile(s.file)
			require.NoError(t, err)
			s.write(t, string(text)+test.more)
			if test.broken {
				file := filepath.Join(filepath.Dir(s.file), "state", "default", "history.json")
				require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
				require.NoError(t, os.WriteFile(file, []byte("{"), 0o600))
			}
			status, stdout, stderr := call(t, "check", "-config", s.file)
			require.Equal(t, test.status, status, stdout+stderr)
			require.Contains(t, stdout, test.want)
			left, err := filepath.Glob(filepath.Join(filepath.Dir(s.file), "state", ".check*"))
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

// A base that is not there is found without reading all that is below the others.
func TestCheckBase(t *testing.T) {
	dir := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 20, Groups: 5}})
	mapping := filepath.Join(t.TempDir(), "mapping.yaml")
	require.NoError(t, os.WriteFile(mapping, []byte(liveMapping), 0o600))
	for base, want := range map[string]int{dir.Base: cli.StatusOK, "ou=nothing," + dir.Base: cli.StatusFailed} {
		s := newSetup(t, ldapSource(dir.TLSURL, dir.BindDN, dir.CA.File, base), mapping)
		t.Setenv("TEST_PASSWORD", dir.Password)
		status, stdout, stderr := call(t, "check", "-config", s.file)
		require.Equal(t, want, status, stdout+stderr)
		if want != cli.StatusOK {
			require.Contains(t, stdout, "FAIL  source: ")
			require.Contains(t, stdout, "ou=nothing,")
			require.Contains(t, stdout, "the base is not there")
		}
	}
}
