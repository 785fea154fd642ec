package main

import (
	"io/fs"
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

// Status is for the day on which nothing else works: of what the configuration names only the state is opened.
func TestStatusReadsTheStateAlone(t *testing.T) {
	s := newSetup(t, "  ldif: {file: "+demoFile(t, "day1.ldif")+"}", demoFile(t, "mapping.yaml"))
	status, stdout, stderr := call(t, "apply", "-config", s.file)
	require.Equal(t, cli.StatusOK, status, stdout+stderr)
	dir := filepath.Dir(s.file)
	s.write(t, `source:
  ldap: {url: "${env:TEST_NOT_SET}", user: x, password: "${file:no-such-file}", ca: nothing.pem}
mapping: nothing.yaml
target:
  plek: {url: "https://nowhere.example", token: "${env:TEST_NOT_SET}"}
state: "${env:TEST_STATE}"
audit: no/such/folder/audit.jsonl
`)
	_, _, stderr = call(t, "status", "-config", s.file)
	require.Contains(t, stderr, "usersync.yaml:6:8: the environment variable TEST_STATE is not set")

	t.Setenv("TEST_STATE", "state")
	before := tree(t, dir)
	status, stdout, stderr = call(t, "status", "-config", s.file)
	require.Equal(t, cli.StatusOK, status, stderr)
	require.Contains(t, stdout, "The last complete run")
	require.Equal(t, before, tree(t, dir))

	t.Setenv("TEST_STATE", "elsewhere")
	status, stdout, stderr = call(t, "status", "-config", s.file)
	require.Equal(t, cli.StatusOK, status, stderr)
	require.Contains(t, stdout, "no complete run yet: the state folder "+filepath.Join(dir, "elsewhere")+" is not there")
	require.Equal(t, before, tree(t, dir))
}

// What a run did not come to is told apart from what failed, and in a line however much it is.
func TestStatusNotTried(t *testing.T) {
	var out strings.Builder
	at := time.Date(2026, 3, 2, 4, 0, 0, 0, time.Local)
	user := func(id provisioning.ID) provisioning.Ref { return provisioning.Ref{Kind: provisioning.User, ID: id} }
	var m provisioning.Memory
	for _, id := range []provisioning.ID{"a", "b", "c"} {
		m.Failing.Set(user(id), provisioning.Failing{First: at, Next: at, Op: provisioning.Create, Error: "the run stopped before: interrupt signal received"})
	}
	m.Failing.Set(user("d"), provisioning.Failing{Failures: 2, First: at, Next: at.Add(time.Hour), Op: provisioning.Update, Error: "the sink is full"})
	(&printer{w: &out}).memory(&m)
	const want = `4 records have changes that failed or were not tried
  ! User d: update failed 2 times since 2026-03-02 04:00:00, is tried again after 2026-03-02 05:00:00: the target is full
  3 Users whose create was not tried, and is by the next run: the run stopped before: interrupt signal received
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
}

// What cannot be read of the state is named as the file that it is.
func TestBrokenState(t *testing.T) {
	for _, test := range []struct{ name, file, in string }{
		{"cut off", "history.json", `{"source":{"User":`},
		{"of another shape", "memory.json", `{"failing":[]}`},
		{"no lease", "lease.json", `[]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSetup(t, "  ldif: {file: "+demoFile(t, "day1.ldif")+"}", demoFile(t, "mapping.yaml"))
			file := filepath.Join(filepath.Dir(s.file), "state", "default", test.file)
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
			require.NoError(t, os.WriteFile(file, []byte(test.in), 0o600))
			for _, command := range []string{"status", "apply"} {
				if command == "status" && test.file == "lease.json" {
					continue // It takes none.
				}
				status, stdout, stderr := call(t, command, "-config", s.file)
				require.Equal(t, cli.StatusFailed, status, stdout)
				require.Contains(t, stderr, file+": state cannot be read")
				require.Contains(t, stderr, "restore it from a backup")
			}
			require.Zero(t, s.plek.Writes())
		})
	}
}

// tree lists what is in a folder.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		files = append(files, path)
		return err
	}))
	return files
}
