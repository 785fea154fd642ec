package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/cli"
)

// rulesWith writes the rules of the demo with something put in place of something else.
func rulesWith(t *testing.T, old, put string) string {
	t.Helper()
	rules, err := os.ReadFile("demo/mapping.yaml")
	require.NoError(t, err)
	require.Contains(t, string(rules), old)
	mapping := filepath.Join(t.TempDir(), "mapping.yaml")
	require.NoError(t, os.WriteFile(mapping, []byte(strings.Replace(string(rules), old, put, 1)), 0o600))
	return mapping
}

// A name that protects nobody is a mistake, whichever setting has it.
func TestNamesThatNoRuleWrites(t *testing.T) {
	for _, test := range []struct {
		name, policy, limits string
		want                 string // empty: it is good
	}{
		{name: "names of the rules", policy: "unique: [userName, emails], adopt: [userName]", limits: "attributes: {userName: 1%, name.familyName: 5}"},
		{name: "unique, misspelled", policy: "unique: [usrName, emails]", want: `usersync.yaml:7:19: policy.unique: no rule writes "usrName", did you mean "userName"?`},
		{name: "unique, in another case", policy: "unique: [userName, EMAILS]", want: `:7:29: policy.unique: no rule writes "EMAILS", did you mean "emails"?`},
		{name: "adopt", policy: "adopt: nonsense", want: `:7:17: policy.adopt: no rule writes "nonsense"; the rules write displayName, emails, name.familyName`},
		{name: "adopt by what groups have", policy: "adopt: [members]", want: `:7:18: policy.adopt: no rule writes "members"`},
		{name: "limit", policy: "unique: []", limits: "attributes: {username: 1}", want: `:8:23: limits.attributes: no rule writes "username", did you mean "userName"?`},
		{name: "limit of references", policy: "unique: []", limits: "attributes: {manager: 1}", want: `:8:23: limits.attributes: no rule writes "manager"`},
		{name: "limit twice", policy: "unique: []", limits: "attributes: {userName: 1, userName: 2}", want: `:8:36: mapping key "userName" already defined`},
		{name: "limit that is none", policy: "unique: []", limits: "attributes: {userName: lots}", want: `:8:33: "lots" is no limit`},
		{name: "no names", policy: "unique: []", limits: "attributes: [userName]", want: `:8:22: expected names of attributes, each with a limit, found a sequence`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSetup(t, "  ldif: {file: "+demoFile(t, "day1.ldif")+"}", demoFile(t, "mapping.yaml"))
			text, err := os.ReadFile(s.file)
			require.NoError(t, err)
			s.write(t, strings.Replace(string(text), "unique: [userName, emails]", test.policy, 1)+"limits: {"+test.limits+"}\n")
			status, stdout, stderr := call(t, "plan", "-config", s.file)
			if test.want == "" {
				require.Equal(t, cli.StatusOK, status, stdout+stderr)
				return
			}
			require.Equal(t, cli.StatusFailed, status, stdout+stderr)
			require.Contains(t, stderr, test.want)
		})
	}
}

// Rules may write a name in another way than the target does, and the settings are about the target.
func TestNamesOfTheTarget(t *testing.T) {
	s := newSetup(t, "  ldif: {file: "+demoFile(t, "day1.ldif")+"}", rulesWith(t, "emails: {from: mail}", "emails.value: {from: mail}"))
	text, err := os.ReadFile(s.file)
	require.NoError(t, err)
	for written, want := range map[string]string{"emails": "", "emails.value": `policy.unique: the target calls "emails.value" "emails"; write that`} {
		s.write(t, strings.Replace(string(text), "unique: [userName, emails]", "unique: [userName, "+written+"]", 1))
		status, stdout, stderr := call(t, "plan", "-config", s.file)
		require.Equal(t, want == "", status == cli.StatusOK, stdout+stderr)
		require.Contains(t, stderr, want)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"emails", "name.familyName", "title", "userName"}
	for _, test := range []struct{ name, in, want string }{
		{"letter left out", "usrName", "userName"},
		{"letter case", "EMAILS", "emails"},
		{"letters exchanged", "tilte", "title"},
		{"nothing near", "nonsense", ""},
		{"empty", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := nearest(test.in, known); got != test.want {
				t.Errorf("nearest(%q) = %q, want %q", test.in, got, test.want)
			}
		})
	}
}
