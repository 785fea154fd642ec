package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/internal/cli/clitest"
	"github.com/ilumy/usersync/internal/lab/people"
	"github.com/ilumy/usersync/plekclient/plektest"
)

func TestMain(m *testing.M) { clitest.Main(m, main) }

// call runs a command in this process.
func call(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	return clitest.Call(t, rootCommand(), args...)
}

func TestUsage(t *testing.T) {
	tests := []struct {
		name   string
		args   []string
		status int
		want   string // in what is printed to either output
	}{
		{"help", []string{"help"}, cli.StatusOK, "Available Commands"},
		{"nothing", nil, cli.StatusOK, "Available Commands"},
		{"exit statuses", []string{"help"}, cli.StatusOK, "3 when changes wait for approval"},
		{"unknown command", []string{"aply"}, cli.StatusUsage, `unknown command "aply"`},
		{"unknown flag", []string{"plan", "-confg", "x"}, cli.StatusUsage, "unknown flag"},
		{"flag without value", []string{"plan", "-config"}, cli.StatusUsage, "flag needs an argument"},
		{"where the flags are told", []string{"plan", "-confg", "x"}, cli.StatusUsage, `Run "usersync plan -h" for what there is.`},
		{"where the commands are told", []string{"aply"}, cli.StatusUsage, `Run "usersync -h" for what there is.`},
		{"argument", []string{"apply", "now"}, cli.StatusUsage, `unexpected argument "now"`},
		{"no configuration", []string{"plan", "-config", "/no/such/file.yaml"}, cli.StatusFailed, "usersync init"},
		{"two dashes", []string{"plan", "--config", "/no/such/file.yaml"}, cli.StatusFailed, "/no/such/file.yaml"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, stdout, stderr := call(t, test.args...)
			if status != test.status || !strings.Contains(stdout+stderr, test.want) {
				t.Errorf("got status %d, %q, %q; want %d, %q", status, stdout, stderr, test.status, test.want)
			}
		})
	}
}

func TestDemo(t *testing.T) {
	status, stdout, stderr := call(t, "demo")
	if status != cli.StatusOK {
		t.Fatalf("status %d, %s\n%s", status, stderr, stdout)
	}
	for _, want := range []string{"nothing to do", "was refused", "Nobody was removed", "All of it held", "Held, nothing is done", "reactivate User"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the demo does not say %q:\n%s", want, stdout)
		}
	}
}

// A setup is a configuration with a Plek stand-in as its target.
type setup struct {
	plek *plektest.Server
	file string
}

// newSetup writes a configuration whose source is what is given, as YAML.
func newSetup(t *testing.T, source, mapping string) *setup {
	t.Helper()
	return newSetupOn(t, &plektest.Options{}, source, mapping)
}

func newSetupOn(t *testing.T, plek *plektest.Options, source, mapping string) *setup {
	t.Helper()
	plek.Tokens = []string{"test-token"}
	s := &setup{plek: plektest.New(plek)}
	address, err := s.plek.Start()
	require.NoError(t, err)
	t.Cleanup(func() { s.plek.Close() })
	t.Setenv("TEST_TOKEN", "test-token")
	t.Setenv("TEST_PLEK", address)
	dir := t.TempDir()
	s.file = filepath.Join(dir, "usersync.yaml")
	s.write(t, "source:\n"+source+"\ntarget:\n  plek: {url: \"${env:TEST_PLEK}\", token: \"${env:TEST_TOKEN}\", rate: 100000}\n"+
		"mapping: "+mapping+"\nstate: state\npolicy: {unique: [userName, emails]}\n")
	return s
}

func (s *setup) write(t *testing.T, config string) {
	t.Helper()
	require.NoError(t, os.WriteFile(s.file, []byte(config), 0o600))
}

// add puts something behind the configuration.
func (s *setup) add(t *testing.T, more string) {
	t.Helper()
	text, err := os.ReadFile(s.file)
	require.NoError(t, err)
	s.write(t, string(text)+more)
}

func demoFile(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("demo", name))
	require.NoError(t, err)
	return path
}

// once checks that nobody is in Plek twice, and gives how many there are.
func (s *setup) once(t *testing.T) int {
	t.Helper()
	seen := map[string]bool{}
	for _, r := range append(s.plek.Users(), s.plek.Groups()...) {
		if id := r.ExternalID(); id == "" || seen[id] {
			t.Errorf("the external ID %q is there twice, or empty", id)
		}
		seen[r.ExternalID()] = true
	}
	return len(seen)
}

// A target is reached with a token or with client credentials, as Plek or as any SCIM service.
func TestTargets(t *testing.T) {
	plek := plektest.New(&plektest.Options{Tokens: []string{"test-token"}, ClientID: "test-client", ClientSecret: "test-s3cret"})
	address, err := plek.Start()
	require.NoError(t, err)
	defer plek.Close()
	for name, value := range map[string]string{"TEST_PLEK": address, "TEST_TOKEN": "test-token", "TEST_SECRET": "test-s3cret"} {
		t.Setenv(name, value)
	}
	rules, err := os.ReadFile("demo/mapping.yaml")
	require.NoError(t, err)
	mapping := filepath.Join(t.TempDir(), "mapping.yaml") // a service that is not known to be Plek refuses a person without mail
	require.NoError(t, os.WriteFile(mapping, bytes.Replace(rules, []byte("employeeID pr"), []byte("employeeID pr and mail pr"), 1), 0o600))
	oauth := "oauth: {tokenURL: \"" + address + "/oauth/server/token\", clientID: test-client, clientSecret: \"${env:TEST_SECRET}\"}"
	for name, target := range map[string]string{
		"Plek by credentials": "plek: {url: \"${env:TEST_PLEK}\", " + oauth + ", rate: 100000}",
		"SCIM by token":       "scim: {url: \"${env:TEST_PLEK}/scim/v2\", token: \"${env:TEST_TOKEN}\"}",
		"SCIM by credentials": "scim: {url: \"${env:TEST_PLEK}/scim/v2\", " + oauth + "}",
	} {
		t.Run(name, func(t *testing.T) {
			s := &setup{plek: plek, file: filepath.Join(t.TempDir(), "usersync.yaml")}
			s.write(t, "source:\n  ldif: {file: "+demoFile(t, "day1.ldif")+"}\ntarget:\n  "+target+
				"\nmapping: "+mapping+"\nstate: state\npolicy: {unique: [userName, emails]}\n")
			for _, command := range []string{"check", "apply", "plan"} {
				status, stdout, stderr := call(t, command, "-config", s.file)
				require.Equal(t, cli.StatusOK, status, stdout+stderr)
				if command == "plan" && !strings.Contains(stdout, "Nothing to do") {
					t.Errorf("the plan afterwards is not empty:\n%s", stdout)
				}
				if strings.Contains(stdout+stderr, "s3cret") {
					t.Errorf("%s shows a secret", command)
				}
			}
			s.once(t)
		})
	}
}

// A process that is killed while it applies leaves something that the next run finishes.
func TestKilledDuringApply(t *testing.T) {
	undisturbed := newSetup(t, "  ldif: {file: "+demoFile(t, "day1.ldif")+"}", demoFile(t, "mapping.yaml"))
	status, _, stderr := call(t, "apply", "-config", undisturbed.file)
	require.Equal(t, cli.StatusOK, status, stderr)
	want := undisturbed.once(t)

	s := newSetup(t, "  ldif: {file: "+demoFile(t, "day1.ldif")+"}", demoFile(t, "mapping.yaml"))
	for _, after := range []int64{1, 2, 40, 300, 500, 120, 30} {
		ctx, kill := context.WithCancel(t.Context())
		var writes atomic.Int64
		s.plek.SetFault(func(r *http.Request) *plektest.Fault {
			if r.Method != http.MethodGet && writes.Add(1) == after {
				kill() // which ends the process as kill -9 does
			}
			return nil
		})
		out, err := clitest.Command(ctx, "apply", "-config", s.file).CombinedOutput()
		kill()
		if err == nil {
			t.Fatalf("the child was not killed after %d writes:\n%s", after, out)
		}
		s.once(t)
	}
	s.plek.SetFault(nil)
	status, stdout, stderr := call(t, "apply", "-config", s.file)
	require.Equal(t, cli.StatusOK, status, stdout+stderr)
	if got := s.once(t); got != want {
		t.Errorf("after seven kills Plek has %d people and groups, undisturbed it has %d", got, want)
	}
	status, stdout, stderr = call(t, "plan", "-config", s.file)
	if status != cli.StatusOK || !strings.Contains(stdout, "Nothing to do") {
		t.Errorf("the plan afterwards is not empty: status %d\n%s%s", status, stdout, stderr)
	}
}

// The demo's former colleague is the one whom the story has come back.
func TestDemoFormer(t *testing.T) {
	story := people.New(&people.Options{Seed: 1}).NextDay()
	if got := uuid.UUID(story.Rehired.GUID).String(); got != string(former) {
		t.Errorf("the story's rehire is %s, the demo has %s", got, former)
	}
}

// A plan that was saved is applied as it was read, and no longer once the configuration says something else.
func TestSavedPlan(t *testing.T) {
	s := newSetup(t, "  ldif: {file: "+demoFile(t, "day1.ldif")+"}", demoFile(t, "mapping.yaml"))
	saved := filepath.Join(t.TempDir(), "plan.json")
	status, stdout, stderr := call(t, "plan", "-config", s.file, "-out", saved)
	require.Equal(t, cli.StatusOK, status, stdout+stderr)
	status, stdout, stderr = call(t, "apply", "-config", s.file, "-plan", saved)
	require.Equal(t, cli.StatusOK, status, stdout+stderr)
	if n := s.once(t); n != 996 {
		t.Errorf("Plek has %d people and groups, want 996", n)
	}
	text, err := os.ReadFile(s.file)
	require.NoError(t, err)
	s.write(t, strings.Replace(string(text), "unique: [userName, emails]", "usersGone: keep", 1))
	writes := s.plek.Writes()
	status, stdout, stderr = call(t, "apply", "-config", s.file, "-plan", saved)
	if status != cli.StatusFailed || !strings.Contains(stderr, "stale") || strings.Contains(stdout, "Report") || s.plek.Writes() != writes {
		t.Errorf("a stale plan: status %d, %d writes\n%s%s", status, s.plek.Writes()-writes, stdout, stderr)
	}
	require.NoError(t, os.WriteFile(saved, []byte(`{"format":1,"changes":[null]}`), 0o600))
	if status, _, stderr = call(t, "apply", "-config", s.file, "-plan", saved); status != cli.StatusFailed || !strings.Contains(stderr, "make the plan again") {
		t.Errorf("a damaged plan: status %d, %s", status, stderr)
	}
}

// An attribute that nobody has is most likely spelled wrong, and said to be.
func TestUnseenAttribute(t *testing.T) {
	rules, err := os.ReadFile("demo/mapping.yaml")
	require.NoError(t, err)
	mapping := filepath.Join(t.TempDir(), "mapping.yaml")
	require.NoError(t, os.WriteFile(mapping, bytes.Replace(rules, []byte("{from: title,"), []byte("{from: tittle,"), 1), 0o600))
	s := newSetup(t, "  ldif: {file: "+demoFile(t, "day1.ldif")+"}", mapping)
	status, stdout, stderr := call(t, "plan", "-config", s.file)
	if status != cli.StatusOK || !strings.Contains(stdout, "note: no User of the source has tittle") {
		t.Errorf("status %d, want a note about tittle\n%s%s", status, stdout, stderr)
	}
}

// One person is explained, and brought over, by the way that a run takes.
func TestOne(t *testing.T) {
	s := newSetup(t, "  ldif: {file: "+demoFile(t, "day2.ldif")+"}", demoFile(t, "mapping.yaml"))
	id := string(former)
	status, stdout, stderr := call(t, "explain", "-config", s.file, "-user", id)
	if status != cli.StatusOK || !strings.Contains(stdout, "The target does not have it") || !strings.Contains(stdout, "create User Pieter IJzerman") {
		t.Errorf("explain: status %d\n%s%s", status, stdout, stderr)
	}
	if s.plek.Writes() != 0 {
		t.Error("explain changed the target")
	}
	status, stdout, stderr = call(t, "sync", "-config", s.file, "-user", id)
	if status != cli.StatusOK || s.once(t) != 1 {
		t.Errorf("sync: status %d, Plek has %d, want one\n%s%s", status, s.once(t), stdout, stderr)
	}
	status, stdout, stderr = call(t, "explain", "-config", s.file, "-user", id)
	if status != cli.StatusOK || !strings.Contains(stdout, "The target has") {
		t.Errorf("explain afterwards: status %d\n%s%s", status, stdout, stderr)
	}
	if status, _, _ = call(t, "sync", "-config", s.file); status != cli.StatusUsage {
		t.Errorf("sync of nobody: status %d, want %d", status, cli.StatusUsage)
	}
}

// Who asks for one record and gets nothing is told so by the status too.
func TestOneInVain(t *testing.T) {
	mapping := rulesWith(t, "title:", "nickname2: {from: employeeID}\n    title:")
	for _, test := range []struct {
		name    string
		mapping string
		args    []string
		status  int
		want    string
	}{
		{"sync, held", mapping, []string{"sync", "-user", string(former)}, cli.StatusFailed, "User/" + string(former) + ` is held, nothing was done about it: the target will not take it: attribute "nickname2"`},
		{"explain, held", mapping, []string{"explain", "-user", string(former)}, cli.StatusOK, ""},
		{"sync, unknown", "", []string{"sync", "-user", "nobody"}, cli.StatusFailed, `neither the source nor the target has User/nobody: see that the ID is as the source spells it, and that it lies in what is read`},
		{"explain, unknown", "", []string{"explain", "-group", "nothing"}, cli.StatusFailed, "neither the source nor the target has Group/nothing: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.mapping == "" {
				test.mapping = demoFile(t, "mapping.yaml")
			}
			s := newSetup(t, "  ldif: {file: "+demoFile(t, "day2.ldif")+"}", test.mapping)
			status, stdout, stderr := call(t, append(test.args, "-config", s.file)...)
			require.Equal(t, test.status, status, stdout+stderr)
			require.Contains(t, stderr, test.want)
			require.Zero(t, s.plek.Writes())
		})
	}
}

// The loop runs as scheduled until it is told to stop, and the audit has a line for every change.
func TestLoopAndAudit(t *testing.T) {
	s := newSetup(t, "  ldif: {file: "+demoFile(t, "day1.ldif")+"}", demoFile(t, "mapping.yaml"))
	text, err := os.ReadFile(s.file)
	require.NoError(t, err)
	s.write(t, string(text)+"schedule: {every: 1h, jitter: 1ms}\naudit: audit.jsonl\n")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan int)
	var out, errs bytes.Buffer
	go func() { done <- cli.Run(ctx, rootCommand(), []string{"run", "-config", s.file}, &out, &errs) }()
	require.Eventually(t, func() bool { return len(s.plek.Groups()) == 40 && s.plek.Writes() > 1900 }, 2*time.Minute, 50*time.Millisecond)
	time.Sleep(500 * time.Millisecond) // for the end of the run, after its last write
	stop()
	if status := <-done; status != cli.StatusOK {
		t.Errorf("status %d\n%s", status, errs.String())
	}
	audit, err := os.ReadFile(filepath.Join(filepath.Dir(s.file), "audit.jsonl"))
	require.NoError(t, err)
	// Who has references has a line more, for the moment from which the account was there.
	if n := bytes.Count(audit, []byte(`"result":"done"`)); n != s.once(t) {
		t.Errorf("the audit has %d changes for %d people and groups", n, s.once(t))
	}
	if lines, made := bytes.Count(audit, []byte("\n")), bytes.Count(audit, []byte(`"result":"written"`)); made == 0 || lines != made+s.once(t) {
		t.Errorf("the audit has %d lines, of which %d are of accounts that were there before their references", lines, made)
	}
	if mail := []byte("@voorbeeld.example"); bytes.Contains(audit, mail) || bytes.Contains(errs.Bytes(), mail) {
		t.Error("a mail address is in the audit or the log")
	}
}

// A syncBuffer can be read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
