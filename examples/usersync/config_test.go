package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/provisioning"
)

const goodConfig = `source:
  ldif: {file: export.ldif}
mapping: mapping.yaml
target:
  plek: {url: "https://example.plek.co", token: "${env:TEST_TOKEN}"}
state: state
`

func TestLoadConfigBad(t *testing.T) {
	t.Setenv("TEST_TOKEN", "s3cret")
	t.Setenv("TEST_EMPTY", "")
	t.Setenv("TEST_LINES", "s3cret\nof two lines")
	tests := []struct {
		name, in string
		want     []string // parts of the error, which begins with the file's name
	}{
		{"empty", " \n", []string{"is empty", "usersync init"}},
		{"not YAML", "source: [1\n", []string{":1:9: "}},
		{"another shape", "source: yes please\n", []string{":1:9: "}},
		{"unknown field", "sauce: {}\n" + goodConfig, []string{":1:1: unknown field \"sauce\"", "one of apply, audit, limits, mapping, monitor, policy, schedule, source, state, target"}},
		{"UTF-16", "\xff\xfes\x00o\x00u\x00", []string{"is in UTF-16; save it as UTF-8"}},
		{"no UTF-8", goodConfig + "# caf\xe9\n", []string{":7:1: this line is not in UTF-8"}},
		{"too deep", goodConfig + "limits: " + strings.Repeat("[", 50_000), []string{":7:", "nested deeper than 32 levels"}},
		{"too deep by dashes", goodConfig + "limits:\n " + strings.Repeat("- ", 50_000), []string{":8:", "nested deeper than 32 levels"}},
		{"two documents", goodConfig + "---\nlimits: {create: 1}\n", []string{":7:1: ", "one document"}},
		{"unknown field inside", strings.Replace(goodConfig, "file:", "path: x, file:", 1), []string{":2:10: unknown field \"path\"", "bases", "file"}},
		{"field twice", goodConfig + "mapping: other.yaml\n", []string{":7:1: ", "already defined"}},
		{"secret in the file", strings.Replace(goodConfig, "${env:TEST_TOKEN}", "s3cret", 1), []string{":5:", "a secret must not stand in the file itself"}},
		{"variable not set", strings.Replace(goodConfig, "TEST_TOKEN", "TEST_MISSING", 1), []string{":5:", "TEST_MISSING is not set"}},
		{"variable empty", strings.Replace(goodConfig, "TEST_TOKEN", "TEST_EMPTY", 1), []string{":5:", "is empty"}},
		{"secret file missing", strings.Replace(goodConfig, "env:TEST_TOKEN", "file:/no/such/file", 1), []string{":5:", "/no/such/file"}},
		{"unknown reference", strings.Replace(goodConfig, "export.ldif", "\"${vault:x}\"", 1), []string{":2:", "${env:NAME}"}},
		{"list for a text", strings.Replace(goodConfig, "export.ldif", "[a, b]", 1), []string{":2:", "expected a text"}},
		{"no source", strings.Replace(goodConfig, "  ldif: {file: export.ldif}\n", "  {}\n", 1), []string{"source: missing", "ldap or ldif"}},
		{"two sources", strings.Replace(goodConfig, "  ldif:", "  ldap: {url: \"ldaps://x\"}\n  ldif:", 1), []string{"exclude each other"}},
		{"no mapping", strings.Replace(goodConfig, "mapping: mapping.yaml\n", "", 1), []string{"missing mapping"}},
		{"no target", "source:\n  ldif: {file: x}\nmapping: m\nstate: s\n", []string{"target: missing"}},
		{"no credentials", strings.Replace(goodConfig, ", token: \"${env:TEST_TOKEN}\"", "", 1), []string{":5:", "missing token, or oauth"}},
		{"half an oauth", strings.Replace(goodConfig, "token: \"${env:TEST_TOKEN}\"", "oauth: {clientID: x}", 1), []string{":5:", "tokenURL"}},
		{"limit", goodConfig + "limits: {deactivate: lots}\n", []string{":7:22: \"lots\" is no limit", "20%"}},
		{"share over 100", goodConfig + "limits: {deactivate: 120%}\n", []string{"is no limit"}},
		{"out of scope", goodConfig + "policy: {usersOutOfScope: hide}\n", []string{":7:", "expected one of keep, deactivate, delete"}},
		{"what becomes of what is over a limit", goodConfig + "limits: {exceeded: ask}\n", []string{":7:", "expected one of refuse, stage"}},
		{"limit of the day", goodConfig + "limits: {day: {sourceFloor: 1%}}\n", []string{":7:16: unknown field", "adopt, attributes, create, deactivate, delete, reactivate, removeRefs, removeRefsEach, update"}},
		{"time", goodConfig + "policy: {grace: soon}\n", []string{":7:17: \"soon\" is no time"}},
		{"token of two lines", strings.Replace(goodConfig, "TEST_TOKEN", "TEST_LINES", 1), []string{":5:49: target.plek.token", "line break"}},
		{"number", goodConfig + "apply: {concurrency: lots}\n", []string{":7:22: \"lots\" is no number", "such as 8"}},
		{"number below zero", goodConfig + "apply: {maxErrors: -1}\n", []string{":7:20: \"-1\" is no number"}},
		{"number past all bounds", goodConfig + "apply: {concurrency: 99999999999999999999}\n", []string{":7:22:", "is no number"}},
		{"rate", strings.Replace(goodConfig, ", token:", ", rate: lots, token:", 1), []string{":5:48: \"lots\" is no rate", "such as 25"}},
		{"rate below zero", strings.Replace(goodConfig, ", token:", ", rate: -1, token:", 1), []string{":5:48: \"-1\" is no rate"}},
		{"neither true nor false", strings.Replace(goodConfig, ", token:", ", allowPlaintext: maybe, token:", 1), []string{":5:58: \"maybe\" is neither true nor false"}},
		{"dialect", strings.Replace(goodConfig, "export.ldif", "export.ldif, dialect: novell", 1), []string{":2:38: dialect: \"novell\" is unknown", "openldap"}},
		{"increments", strings.Replace(goodConfig, "ldif: {file: export.ldif}", "ldap: {url: \"ldaps://x\", increments: dirsnc}", 1), []string{":2:40:", "dirsync"}},
		{"every and daily", goodConfig + "schedule: {every: 1h, daily: [\"02:30\"]}\n", []string{":7:", "schedule: every and daily exclude each other"}},
		{"time of day", goodConfig + "schedule: {daily: [\"02:30\", \"25:99\"]}\n", []string{":7:29: schedule.daily: \"25:99\" is no time of day", "02:30"}},
		{"time zone", goodConfig + "schedule: {timezone: Europe/Amsterdm}\n", []string{":7:22: schedule.timezone:", "Europe/Amsterdm", "such as Europe/Amsterdam"}},
		{"address without a port", goodConfig + "monitor: {address: nonsense}\n", []string{":7:20: monitor.address:", "127.0.0.1:9464"}},
		{"address with an unknown port", goodConfig + "monitor: {address: \"127.0.0.1:metricz\"}\n", []string{":7:20: monitor.address:", "127.0.0.1:9464"}},
		{"gone", goodConfig + "policy: {usersGone: shoot}\n", []string{":7:", "expected one of keep, deactivate, delete"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "usersync.yaml")
			require.NoError(t, os.WriteFile(name, []byte(test.in), 0o600))
			_, err := loadConfig(name)
			if err == nil {
				t.Fatal("got no error")
			}
			for _, want := range append(test.want, name) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want it to contain %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error shows a secret: %q", err)
			}
		})
	}
}

func TestLoadConfigMissingFile(t *testing.T) {
	_, err := loadConfig(filepath.Join(t.TempDir(), "nothing.yaml"))
	if err == nil || !strings.Contains(err.Error(), "usersync init") {
		t.Errorf("got %v, want an error that says how to get a configuration", err)
	}
	if _, err = loadConfig(t.TempDir()); err == nil || strings.Contains(err.Error(), "usersync init") {
		t.Errorf("got %v, want an error that does not say how to get what is there", err)
	}
}

// Editors of Windows begin a file with a mark that nobody sees, and end its lines in two characters.
func TestLoadConfigOfWindows(t *testing.T) {
	t.Setenv("TEST_TOKEN", "s3cret")
	name := filepath.Join(t.TempDir(), "usersync.yaml")
	require.NoError(t, os.WriteFile(name, []byte("\ufeff"+strings.ReplaceAll(goodConfig, "\n", "\r\n")), 0o600))
	cfg, err := loadConfig(name)
	require.NoError(t, err)
	require.Equal(t, "mapping.yaml", cfg.Mapping.value)
}

func TestLoadConfig(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "token"), []byte("s3cret\n"), 0o600)) // is seen from the configuration
	t.Setenv("TEST_HOST", "example")
	name := filepath.Join(dir, "usersync.yaml")
	require.NoError(t, os.WriteFile(name, []byte(`source:
  ldif: {file: export.ldif, bases: "DC=x"}
mapping: mapping.yaml
target:
  scim: {url: "https://${env:TEST_HOST}.example", token: "${file:token}"}
state: state
policy: {grace: 30d}
limits: {deactivate: 20%, create: 500, update: off}
`), 0o600))
	cfg, err := loadConfig(name)
	require.NoError(t, err)
	got := []any{
		cfg.path(cfg.Source.LDIF.File), cfg.Source.LDIF.Scope.Bases.values(), cfg.Target.SCIM.Endpoint.URL.value, cfg.Target.SCIM.Endpoint.Token.value,
		time.Duration(cfg.Policy.Grace), cfg.Limits.Run.Deactivate.Limit, cfg.Limits.Run.Create.Limit, cfg.Limits.Run.Update.Limit,
	}
	want := []any{
		filepath.Join(dir, "export.ldif"), []string{"DC=x"}, "https://example.example", "s3cret",
		30 * 24 * time.Hour, provisioning.Limit{Share: 0.2, Population: population}, provisioning.Limit{Count: 500}, provisioning.Limit{Off: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
}

func TestSecretIsNotPrinted(t *testing.T) {
	s := secret{text{value: "s3cret"}}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s)
	for _, out := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s", s, s, s, s), log.String()} {
		if strings.Contains(out, "s3cret") {
			t.Errorf("printed as %q", out)
		}
	}
}

// What "usersync init" writes must load.
func TestTemplates(t *testing.T) {
	t.Setenv("LDAP_PASSWORD", "x")
	t.Setenv("PLEK_TOKEN", "y")
	dir := t.TempDir()
	var out, errs strings.Builder
	require.Equal(t, cli.StatusOK, cli.Run(t.Context(), rootCommand(), []string{"init", "-dir", dir}, &out, &errs), errs.String())
	cfg, err := loadConfig(filepath.Join(dir, defaultConfig))
	require.NoError(t, err)
	if _, err := cfg.rules(); err != nil {
		t.Errorf("the rules that init writes: %v", err)
	}
	if status := cli.Run(t.Context(), rootCommand(), []string{"init", "-dir", dir}, &out, &errs); status != cli.StatusFailed {
		t.Errorf("a second init gives status %d, want %d: it must not write over a configuration", status, cli.StatusFailed)
	}
}
