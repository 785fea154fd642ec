package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/plekclient/plektest"
	"github.com/ilumy/usersync/provisioning"
)

// approvingCommand finds the command that is printed with a refusal.
var approvingCommand = regexp.MustCompile(`usersync ((?:apply|sync) .*-approve [0-9a-f]{32}:[a-zA-Z,]+)`)

// approve runs the command that is printed, as an operator does who copies it.
func approve(t *testing.T, printed string) {
	t.Helper()
	m := approvingCommand.FindStringSubmatch(printed)
	require.NotNil(t, m, printed)
	status, stdout, stderr := call(t, strings.Fields(m[1])...)
	require.Equal(t, cli.StatusOK, status, m[1]+"\n"+stdout+stderr)
}

// What is printed to approve a plan does so, whatever command it was printed by.
func TestPrintedApproval(t *testing.T) {
	const each = "removeRefsEach: 1, "
	small := smallExports(t)
	for _, test := range []struct {
		name, limits string
		args         []string // GROUP is one that loses members, PLAN a file
		status       int
		want         []string
	}{
		{"sync refused", each, []string{"sync", "-group", "GROUP"}, cli.StatusFailed, []string{"usersync sync -config FILE -group GROUP -approve "}},
		{"sync staged", "exceeded: stage, " + each, []string{"sync", "-group", "GROUP"}, cli.StatusWaiting, []string{"usersync sync -config FILE -group GROUP -approve "}},
		{"plan refused", "", []string{"plan"}, cli.StatusFailed, []string{"usersync apply -config FILE -approve "}},
		{"saved plan refused", "", []string{"plan", "-out", "PLAN"}, cli.StatusFailed, []string{"  Saved to PLAN.\n", "usersync apply -config FILE -plan PLAN -approve "}},
		{"saved plan staged", "exceeded: stage, ", []string{"plan", "-out", "PLAN"}, cli.StatusWaiting, []string{
			`Saved to PLAN; "usersync apply -config FILE -plan PLAN" does what is not staged.`, "usersync apply -config FILE -approve "}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := stagedSetupOn(t, small, test.limits)
			saved := filepath.Join(t.TempDir(), "z.json")
			words := strings.NewReplacer("GROUP", s.losing(t), "PLAN", saved, "FILE", s.file)
			args := []string{"-config", s.file}
			for i := len(test.args) - 1; i >= 0; i-- {
				args = append([]string{words.Replace(test.args[i])}, args...)
			}
			status, stdout, stderr := call(t, args...)
			require.Equal(t, test.status, status, stdout+stderr)
			for _, want := range test.want {
				require.Contains(t, stdout+stderr, words.Replace(want))
			}
			require.NotContains(t, stdout+stderr, "Options.")
			approve(t, stdout+stderr)
		})
	}
	t.Run("apply of a saved plan", func(t *testing.T) {
		for _, exceeded := range []string{"", "exceeded: stage, "} {
			s := stagedSetupOn(t, small, exceeded)
			saved := filepath.Join(t.TempDir(), "z.json")
			call(t, "plan", "-config", s.file, "-out", saved)
			_, stdout, stderr := call(t, "apply", "-config", s.file, "-plan", saved)
			approve(t, stdout+stderr)
			status, stdout, stderr := call(t, "plan", "-config", s.file)
			require.Equal(t, cli.StatusOK, status, stderr)
			require.Contains(t, stdout, "Nothing to do")
		}
	})
}

// losing gives the ID of a group, and in its source, that loses two members on the second day.
func (s *setup) losing(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(s.file)
	require.NoError(t, err)
	defer s.write(t, string(text))
	s.write(t, strings.Replace(string(text), "limits: {", "limits: {removeRefsEach: 1, ", 1))
	if strings.Contains(string(text), "removeRefsEach") {
		s.write(t, string(text))
	}
	_, stdout, stderr := call(t, "plan", "-config", s.file)
	group := regexp.MustCompile(`members of Group [^,]+, ([0-9a-f-]{36});`).FindStringSubmatch(stdout + stderr)
	require.NotNil(t, group, "the group is not called by name:\n"+stdout+stderr)
	for _, g := range s.plek.Groups() {
		if g.ID() == group[1] {
			return g.ExternalID()
		}
	}
	t.Fatal("there is no such group")
	return ""
}

// A run that came to nothing says so.
func TestNothingWasChanged(t *testing.T) {
	s := newSetup(t, "  ldif: {file: "+demoFile(t, "day2.ldif")+"}", demoFile(t, "mapping.yaml"))
	saved := filepath.Join(t.TempDir(), "z.json")
	status, _, stderr := call(t, "plan", "-config", s.file, "-out", saved)
	require.Equal(t, cli.StatusOK, status, stderr)
	t.Setenv("TEST_TOKEN", "revoked")
	for _, args := range [][]string{{"plan"}, {"apply"}, {"apply", "-plan", saved}, {"sync", "-user", string(former)}} {
		status, stdout, stderr := call(t, append(args, "-config", s.file)...)
		require.Equal(t, cli.StatusFailed, status, stdout)
		require.Contains(t, stderr, "nothing was changed: ", strings.Join(args, " "))
		require.NotContains(t, stdout, "Report:")
	}
	require.Zero(t, s.plek.Writes())
}

// What keeps failing is told apart from what somebody must mend, and is listed where it is said to be.
func TestFailures(t *testing.T) {
	s := newSetup(t, "  ldif: {file: "+demoFile(t, "day1.ldif")+"}", demoFile(t, "mapping.yaml"))
	s.plek.SetFault(func(r *http.Request) *plektest.Fault {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/Groups") {
			return &plektest.Fault{Status: http.StatusBadRequest}
		}
		return nil
	})
	status, stdout, stderr := call(t, "apply", "-config", s.file)
	require.Equal(t, cli.StatusFailed, status)
	require.Contains(t, stderr, "what was done stays done")
	require.Contains(t, stdout, `... and 31 more; "usersync status" lists them`)
	require.Contains(t, stdout, " more to create\n", "no plan shows what is made by then")
	_, stdout, _ = call(t, "status", "-config", s.file)
	require.Equal(t, 40, strings.Count(stdout, ": create failed 1 times"), stdout)

	for range 2 { // The first failure is no reason to wait, nor is one of a change that was another.
		call(t, "apply", "-config", s.file)
	}
	// A run that tries none of them does not pass for one after which all is well.
	status, stdout, stderr = call(t, "apply", "-config", s.file)
	require.Equal(t, cli.StatusFailed, status, stdout)
	require.Contains(t, stdout, "  Nothing to do: but for what is held or put off, ")
	require.Contains(t, stderr, `changes that keep failing are put off: 40; "usersync status" says why, and "usersync apply -again" tries them at once`)
	_, stdout, _ = call(t, "plan", "-config", s.file)
	require.Contains(t, stdout, "Held, nothing is done about them until somebody mends them: 3\n")
	require.Contains(t, stdout, "Put off since they keep failing, and tried again by themselves, at once by \"usersync apply -again\": 40\n")
	require.Regexp(t, `! Group Afdeling .*: create failed 2 times since .*; tried again after \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n`, stdout)

	// Mended, they need not wait for their time.
	s.plek.SetFault(nil)
	status, stdout, stderr = call(t, "apply", "-config", s.file, "-again")
	require.Equal(t, cli.StatusOK, status, stderr)
	require.Regexp(t, `create +40 of 40 done\n`, stdout)
}

// Who is out of scope, or of a kind that the rules have no more, keeps no run from going well.
func TestFailuresEnd(t *testing.T) {
	s := newSetup(t, "  ldif: {file: "+smallExports(t)+"}", demoFile(t, "mapping.yaml"))
	s.plek.SetFault(func(r *http.Request) *plektest.Fault {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/Groups") {
			return &plektest.Fault{Status: http.StatusBadRequest}
		}
		return nil
	})
	text, err := os.ReadFile(s.file)
	require.NoError(t, err)
	const groups = "groups:\n  attributes:\n    displayName: {from: cn}\n  refs:\n    members: {from: members}\n"
	for name, put := range map[string]string{"out of scope": strings.Replace(groups, "\n", "\n  scope: 'cn eq \"none\"'\n", 1), "no such kind": ""} {
		s.write(t, string(text))
		for range 3 {
			call(t, "apply", "-config", s.file)
		}
		status, stdout, stderr := call(t, "apply", "-config", s.file)
		require.Equal(t, cli.StatusFailed, status, name+stdout+stderr)
		s.write(t, strings.Replace(string(text), demoFile(t, "mapping.yaml"), rulesWith(t, groups, put), 1))
		status, stdout, stderr = call(t, "apply", "-config", s.file)
		require.Equal(t, cli.StatusOK, status, name+stdout+stderr)
	}
}

// A limit is called as the configuration calls it, wherever it comes up.
func TestMaxErrors(t *testing.T) {
	s := newSetup(t, "  ldif: {file: "+demoFile(t, "day1.ldif")+"}", demoFile(t, "mapping.yaml"))
	s.plek.SetFault(func(r *http.Request) *plektest.Fault {
		if r.Method == http.MethodPost {
			return &plektest.Fault{Status: http.StatusBadRequest}
		}
		return nil
	})
	text, err := os.ReadFile(s.file)
	require.NoError(t, err)
	s.write(t, string(text)+"apply: {maxErrors: 3}\n")
	status, stdout, stderr := call(t, "apply", "-config", s.file)
	require.Equal(t, cli.StatusFailed, status)
	require.Contains(t, stderr, "as many as apply.maxErrors allows")
	require.NotContains(t, stdout+stderr, "Options.")
}

// The log of a loop says what was refused in the words of the configuration, with the command that lets it pass, and nobody's name.
func TestRefusedLoop(t *testing.T) {
	s := stagedSetupOn(t, smallExports(t), "removeRefsEach: 1, ")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan int)
	var out, errs syncBuffer
	go func() { done <- cli.Run(ctx, rootCommand(), []string{"run", "-config", s.file}, &out, &errs) }()
	require.Eventually(t, func() bool { return strings.Contains(errs.String(), "level=ERROR") }, 30*time.Second, 20*time.Millisecond)
	stop()
	require.Equal(t, cli.StatusOK, <-done)
	log := errs.String()
	require.Regexp(t, `level=ERROR msg=stopped job=usersync error="nothing was changed: .*\(limits\.removeRefsEach\).* usersync apply -config \S+ -approve [0-9a-f]{32}:create,deactivate,removeRefsEach"`, log)
	for _, not := range []string{"Options.", "job=default", "voorbeeld.example", "Afdeling", "Project"} {
		require.NotContains(t, log, not)
	}
}

// The log of a loop says loudly that changes were not made, and where it says why.
func TestFailedLoop(t *testing.T) {
	s := newSetup(t, "  ldif: {file: "+smallExports(t)+"}", demoFile(t, "mapping.yaml"))
	s.plek.SetFault(func(r *http.Request) *plektest.Fault {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/Groups") {
			return &plektest.Fault{Status: http.StatusBadRequest}
		}
		return nil
	})
	log := loopUntil(t, s, "msg=finished")
	require.Regexp(t, `level=WARN msg="changes failed or were not tried" job=usersync failed=40 notTried=0 see="usersync status -config \S+"`, log)
}

func TestInWords(t *testing.T) {
	refused := &provisioning.RefusedError{Digest: "5c27", Refusals: []*provisioning.Refusal{
		{Rule: "deactivate", Option: "Options.DayLimits.Deactivate", Text: "it deactivates 2 Users of 956; at most 1 may be"},
	}}
	for _, test := range []struct {
		name string
		in   error
		want string
	}{
		{"refused", fmt.Errorf("run: %w", refused), "nothing was changed: it deactivates 2 Users of 956; at most 1 may be (limits.day.deactivate); " +
			"read the plan (usersync plan); if all of it is meant: usersync apply -config etc/night.yaml -approve 5c27:deactivate"},
		{"too much fails", errors.New("3 changes failed, as many as Options.MaxErrors allows"), "3 changes failed, as many as apply.maxErrors allows"},
		{"busy", fmt.Errorf("run: %w", &provisioning.BusyError{Job: "default"}), "run: job night is being run by "},
		{"another", errors.New("no route to host"), "no route to host"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := inWords("etc/night.yaml", test.in); !strings.HasPrefix(got, test.want) {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestCommandLine(t *testing.T) {
	for _, test := range []struct {
		name string
		in   commandLine
		want string
	}{
		{"plain", commandLine{"apply", "-config", "a/b-c.yaml"}, "usersync apply -config a/b-c.yaml"},
		{"space", commandLine{"apply", "-config", "my files/x"}, "usersync apply -config 'my files/x'"},
		{"quote", commandLine{"sync", "-user", "o'b"}, `usersync sync -user 'o'\''b'`},
		{"empty", commandLine{""}, "usersync ''"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.in.String(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
