package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/internal/lab"
)

// liveMapping is for OpenLDAP, whose people have other attributes.
const liveMapping = `version: 1
users:
  scope: 'employeeNumber pr'
  attributes:
    userName: {from: mail}
    name.givenName: {from: givenName}
    name.familyName: {from: sn}
    emails: {from: mail}
    title: {from: title, onEmpty: clear}
  refs:
    manager: {from: manager}
groups:
  attributes:
    displayName: {from: cn}
  refs:
    members: {from: members}
`

func TestLiveDirectory(t *testing.T) {
	dir := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 300}})
	mapping := filepath.Join(t.TempDir(), "mapping.yaml")
	require.NoError(t, os.WriteFile(mapping, []byte(liveMapping), 0o600))
	t.Setenv("TEST_PASSWORD", dir.Password)
	for name, url := range map[string]string{"LDAPS": dir.TLSURL, "StartTLS": dir.URL} {
		t.Run(name, func(t *testing.T) {
			s := newSetup(t, ldapSource(url, dir.BindDN, dir.CA.File, dir.Base), mapping)
			status, stdout, stderr := call(t, "check", "-config", s.file, "-read")
			require.Equal(t, cli.StatusOK, status, stdout+stderr)
			if !strings.Contains(stdout, "dialect: ") || !strings.Contains(stdout, "Users read to the end") || !strings.Contains(stdout, "2 Users would get the same userName") {
				t.Errorf("check does not say what it found:\n%s", stdout)
			}
			if s.plek.Writes() != 0 || s.once(t) != 0 {
				t.Error("check changed the target")
			}
			status, stdout, stderr = call(t, "plan", "-config", s.file, "-out", filepath.Join(t.TempDir(), "plan.json"))
			require.Equal(t, cli.StatusOK, status, stdout+stderr)
			if s.plek.Writes() != 0 {
				t.Error("plan changed the target")
			}
			status, stdout, stderr = call(t, "apply", "-config", s.file)
			require.Equal(t, cli.StatusOK, status, stdout+stderr)
			if n := s.once(t); n < 250 {
				t.Errorf("Plek has %d people and groups of a company of 300\n%s", n, stdout)
			}
			status, stdout, stderr = call(t, "plan", "-config", s.file)
			if status != cli.StatusOK || !strings.Contains(stdout, "Nothing to do") {
				t.Errorf("the second plan is not empty: status %d\n%s%s", status, stdout, stderr)
			}
		})
	}
}

func ldapSource(url, user, ca, base string) string {
	return "  ldap: {url: \"" + url + "\", user: \"" + user + "\", password: \"${env:TEST_PASSWORD}\", ca: " + ca + ", bases: [\"" + base + "\"]}"
}

// What is wrong at either end is one clear error, status 1, and no change.
func TestBadEnds(t *testing.T) {
	dir := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 20, Groups: 5}})
	html := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html><body>Welcome</body></html>"))
	}))
	defer html.Close()
	mapping := filepath.Join(t.TempDir(), "mapping.yaml")
	require.NoError(t, os.WriteFile(mapping, []byte(liveMapping), 0o600))
	otherCA := lab.NewAuthority(t).File
	good := ldapSource(dir.TLSURL, dir.BindDN, dir.CA.File, dir.Base)
	tests := []struct {
		name, source    string
		password, token string
		target          string
		mapping         string
		want            []string
	}{
		{name: "wrong password", source: good, password: "wrong", want: []string{"source", "password"}},
		{name: "wrong CA", source: ldapSource(dir.TLSURL, dir.BindDN, otherCA, dir.Base), want: []string{"source", "certificate"}},
		{name: "unreachable host", source: ldapSource("ldaps://127.0.0.1:1", dir.BindDN, dir.CA.File, dir.Base), want: []string{"source", "127.0.0.1:1"}},
		{name: "wrong token", source: good, token: "other-token", want: []string{"target", "401"}},
		{name: "target is a web site", source: good, target: html.URL, want: []string{"target", "SCIM"}},
		{name: "unreachable target", source: good, target: "http://127.0.0.1:1", want: []string{"target", "127.0.0.1:1"}},
		{name: "broken rules", source: good, mapping: "version: 1\nusers: {atributes: {}}\n", want: []string{":2:", "atributes"}},
		{name: "no rules", source: good, mapping: "-", want: []string{"no-rules.yaml"}},
		{name: "no export", source: "  ldif: {file: nothing.ldif}", want: []string{"nothing.ldif"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rules := mapping
			switch test.mapping {
			case "":
			case "-":
				rules = filepath.Join(t.TempDir(), "no-rules.yaml")
			default:
				rules = filepath.Join(t.TempDir(), "mapping.yaml")
				require.NoError(t, os.WriteFile(rules, []byte(test.mapping), 0o600))
			}
			s := newSetup(t, test.source, rules)
			t.Setenv("TEST_PASSWORD", dir.Password)
			for name, value := range map[string]string{"TEST_PASSWORD": test.password, "TEST_TOKEN": test.token, "TEST_PLEK": test.target} {
				if value != "" {
					t.Setenv(name, value)
				}
			}
			for _, command := range []string{"check", "apply"} {
				status, stdout, stderr := call(t, command, "-config", s.file)
				if status != cli.StatusFailed {
					t.Errorf("%s: status %d, want %d\n%s%s", command, status, cli.StatusFailed, stdout, stderr)
				}
				for _, want := range test.want {
					if !strings.Contains(stdout+stderr, want) && !(want == "source" || want == "target") {
						t.Errorf("%s says\n%s%s\nwant it to name %q", command, stdout, stderr, want)
					}
				}
				if strings.Contains(stdout+stderr, "test-token") || strings.Contains(stdout+stderr, dir.Password) {
					t.Errorf("%s shows a secret:\n%s%s", command, stdout, stderr)
				}
			}
			if s.plek.Writes() != 0 {
				t.Error("the target was changed")
			}
		})
	}
}
