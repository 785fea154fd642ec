package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/plekclient/plektest"
)

// Who was made anew in the directory gets the account back by hand; accounts that are nobody's are listed.
func TestRepair(t *testing.T) {
	export := filepath.Join(t.TempDir(), "export.ldif")
	day1, err := os.ReadFile(demoFile(t, "day1.ldif"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(export, day1, 0o600))
	s := newSetupOn(t, &plektest.Options{AllowKeyChange: true}, "  ldif: {file: "+export+"}", demoFile(t, "mapping.yaml"))
	_, err = s.plek.AddByHand("beheer@voorbeeld.example", "Plek", "Beheer")
	require.NoError(t, err)
	do := func(want int, args ...string) string {
		t.Helper()
		status, stdout, stderr := call(t, append(args, "-config", s.file)...)
		require.Equal(t, want, status, stdout+stderr)
		return stdout + stderr
	}
	require.Contains(t, do(cli.StatusOK, "status"), "no complete run yet")
	s.add(t, "audit: audit.jsonl\n")
	do(cli.StatusOK, "apply")
	unmanaged := do(cli.StatusOK, "links", "-unmanaged")
	require.Equal(t, 1, strings.Count(unmanaged, "\n"), unmanaged)
	require.Contains(t, unmanaged, "beheer@voorbeeld.example")

	links := do(cli.StatusOK, "links")
	require.Equal(t, 996, strings.Count(links, "\n"))
	first := regexp.MustCompile(`(?m)^User (\S+) = (\S+)$`).FindStringSubmatch(links)
	require.NotNil(t, first)
	anew := "00000000-aaaa-4000-8000-000000000000"
	require.Contains(t, do(cli.StatusFailed, "relink", "-user", anew, "-to", first[2]), "the source has no User/"+anew)
	made := bytes.Replace(day1, []byte(guidValue(t, first[1])), []byte(guidValue(t, anew)), 1)
	require.NotEqual(t, day1, made)
	require.NoError(t, os.WriteFile(export, made, 0o600))
	require.Contains(t, do(cli.StatusOK, "relink", "-user", anew, "-to", first[2]), `"usersync plan" says what follows`)
	links = do(cli.StatusOK, "links")
	require.Contains(t, links, "User "+anew+" = "+first[2])
	require.NotContains(t, links, first[1])

	require.Contains(t, do(cli.StatusFailed, "unlink", "-user", anew, "-to", first[2]), "relink the record to another")
	do(cli.StatusUsage, "relink", "-user", anew)
	do(cli.StatusUsage, "unlink", "-to", first[2])
	// Whoever asks later who was given an account finds it beside what runs did.
	audit, err := os.ReadFile(filepath.Join(filepath.Dir(s.file), "audit.jsonl"))
	require.NoError(t, err)
	for _, want := range []string{
		`"job":"usersync","op":"relink","kind":"User","source":"` + anew + `","target":"` + first[2] + `","reason":"by hand","result":"failed","error":"relink User `,
		`"job":"usersync","op":"relink","kind":"User","source":"` + anew + `","target":"` + first[2] + `","reason":"by hand","result":"done"}`,
		`"op":"unlink","kind":"User","source":"` + anew + `","target":"` + first[2] + `","reason":"by hand","result":"failed"`,
	} {
		require.Contains(t, string(audit), want)
	}
	status := do(cli.StatusOK, "status")
	for _, want := range []string{"The last complete run", "ours in the target 956 (", "3 records are held", ": create 40 Groups; create 956 Users\n"} {
		require.Contains(t, status, want)
	}
	require.Regexp(t, `! User \S+: another record of the source has the same emails, which must be one record's; mend it in the source\n`, status)
}

// guidValue gives a GUID as an LDIF file has it, the first three parts the other way round (MS-DTYP section 2.3.4.2).
func guidValue(t *testing.T, s string) string {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	require.NoError(t, err)
	slices.Reverse(b[:4])
	slices.Reverse(b[4:6])
	slices.Reverse(b[6:8])
	return base64.StdEncoding.EncodeToString(b)
}

// What keeps failing is listed with its history.
func TestStatusListsWhatFails(t *testing.T) {
	s := newSetup(t, "  ldif: {file: "+demoFile(t, "day1.ldif")+"}", demoFile(t, "mapping.yaml"))
	n := 0
	s.plek.SetFault(func(r *http.Request) *plektest.Fault {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/Groups") {
			if n++; n == 1 {
				return &plektest.Fault{Status: http.StatusBadRequest}
			}
		}
		return nil
	})
	text, err := os.ReadFile(s.file)
	require.NoError(t, err)
	s.write(t, string(text)+"apply: {concurrency: 1}\n")
	status, stdout, stderr := call(t, "apply", "-config", s.file)
	require.Equal(t, cli.StatusFailed, status, stdout+stderr)
	status, stdout, stderr = call(t, "status", "-config", s.file)
	require.Equal(t, cli.StatusOK, status, stderr)
	require.Contains(t, stdout, "1 records have changes that failed")
	require.Regexp(t, `! Group \S+: create failed 1 times since .*, is tried again after .*: `, stdout)
}
