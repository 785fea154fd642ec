package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/internal/lab/people"
	"github.com/ilumy/usersync/provisioning"
)

var update = flag.Bool("update", false, "write the golden files anew")

// approvalToken finds what approves a plan in what is printed.
var approvalToken = regexp.MustCompile(`-approve ([0-9a-f]{32}:[a-zA-Z,]+)`)

// stagedSetup is a Plek with the people of the first day, and a configuration of the second that allows few changes.
func stagedSetup(t *testing.T, exceeded string) *setup {
	t.Helper()
	return stagedSetupOn(t, demoFile(t, "day1.ldif"), exceeded)
}

// stagedSetupOn does so with an export of a first day, beside which that of the second lies.
func stagedSetupOn(t *testing.T, day1, exceeded string) *setup {
	t.Helper()
	s := newSetup(t, "  ldif: {file: "+day1+"}", demoFile(t, "mapping.yaml"))
	status, _, stderr := call(t, "apply", "-config", s.file)
	require.Equal(t, cli.StatusOK, status, stderr)
	text, err := os.ReadFile(s.file)
	require.NoError(t, err)
	s.write(t, strings.Replace(string(text), "day1.ldif", "day2.ldif", 1)+"limits: {"+exceeded+"deactivate: 1, create: 3}\n")
	return s
}

// smallExports writes the exports of two days of a company that is smaller than the one of the demo, and gives the first.
func smallExports(t *testing.T) string {
	t.Helper()
	company, dir := people.New(&people.Options{People: 200, Groups: 40, Seed: 1, Domain: "voorbeeld.example"}), t.TempDir()
	write := func(name string) {
		var export bytes.Buffer
		require.NoError(t, company.WriteAD(&export))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), export.Bytes(), 0o600))
	}
	write("day1.ldif")
	company.NextDay()
	write("day2.ldif")
	return filepath.Join(dir, "day1.ldif")
}

// What is over a limit is staged, and printed with what approves it; the rest is done.
func TestStaged(t *testing.T) {
	s := stagedSetup(t, "exceeded: stage, ")
	var printed strings.Builder
	tokens := map[string]bool{}
	do := func(want int, args ...string) string {
		t.Helper()
		status, stdout, stderr := call(t, append(args, "-config", s.file)...)
		require.Equal(t, want, status, stdout+stderr)
		short := stdout
		if i := strings.Index(stdout, "  Report:"); i >= 0 {
			short = stdout[i:]
		} else if i := strings.Index(stdout, "  Of these"); i >= 0 {
			short = stdout[i:]
		}
		printed.WriteString("$ usersync " + strings.Join(args, " ") + "\n" + short + stderr + "\n")
		for _, m := range approvalToken.FindAllStringSubmatch(stdout, -1) {
			tokens[m[1]] = true
		}
		return stdout
	}
	do(cli.StatusWaiting, "plan")
	do(cli.StatusWaiting, "apply")
	writes := s.plek.Writes()
	do(cli.StatusWaiting, "apply")
	require.Equal(t, writes, s.plek.Writes(), "the second run wrote something")
	require.Len(t, tokens, 1)
	for approved := range tokens {
		do(cli.StatusOK, "apply", "-approve", approved)
		do(cli.StatusOK, "plan")
		got := strings.NewReplacer(approved, "TOKEN", s.file, "usersync.yaml").Replace(printed.String())
		got = regexp.MustCompile(`compared in \S+, written in \S+`).ReplaceAllString(got, "compared in 1s, written in 1s")
		golden(t, "staged.golden", got)
	}
}

// Without being told to stage, a run refuses all, and says in the words of the configuration what lets it through.
func TestRefused(t *testing.T) {
	s := stagedSetup(t, "")
	for _, command := range []string{"plan", "apply"} {
		writes := s.plek.Writes()
		status, stdout, stderr := call(t, command, "-config", s.file)
		require.Equal(t, cli.StatusFailed, status, stdout+stderr)
		require.Equal(t, writes, s.plek.Writes())
		for _, want := range []string{"nothing was changed", "at most 1 may be (limits.deactivate)", "at most 3 may be (limits.create)"} {
			require.Contains(t, stderr, want)
		}
		if command == "apply" {
			approved := approvalToken.FindStringSubmatch(stderr)
			require.NotNil(t, approved, stderr)
			// An approval that does not fit says why.
			digest, _, _ := strings.Cut(approved[1], ":")
			for given, want := range map[string]string{
				"garbage":          `the approval that was given names plan "garbage", and this is plan ` + digest + "\n",
				digest + ":create": "the approval that was given is of this plan, and does not name what refuses it: deactivate\n",
			} {
				status, stdout, stderr := call(t, command, "-config", s.file, "-approve", given)
				require.Equal(t, cli.StatusFailed, status, stdout+stderr)
				require.Contains(t, stderr, want)
			}
			status, stdout, stderr = call(t, command, "-config", s.file, "-approve", approved[1])
			require.Equal(t, cli.StatusOK, status, stdout+stderr)
		}
	}
}

// One person whose change is staged is shown so, and approved.
func TestStagedOne(t *testing.T) {
	s := stagedSetup(t, "exceeded: stage, removeRefsEach: 1, ")
	_, plan, _ := call(t, "plan", "-all", "-config", s.file)
	require.Contains(t, plan, "limits.removeRefsEach")
	group := regexp.MustCompile(`members of Group [^,]+, (\S+);`).FindStringSubmatch(plan)
	require.NotNil(t, group, plan)
	var source string
	for _, g := range s.plek.Groups() {
		if g.ID() == group[1] {
			source = g.ExternalID()
		}
	}
	status, stdout, stderr := call(t, "sync", "-config", s.file, "-group", source)
	require.Equal(t, cli.StatusWaiting, status, stdout+stderr)
	require.Contains(t, stdout, "0 changes were made; 1 are staged for approval")
	approved := approvalToken.FindStringSubmatch(stdout)
	require.NotNil(t, approved, stdout)
	status, stdout, stderr = call(t, "sync", "-config", s.file, "-group", source, "-approve", approved[1])
	require.Equal(t, cli.StatusOK, status, stdout+stderr)
}

// The loop goes on, and its log says what waits and how it is approved, without anybody's data.
func TestStagedLoop(t *testing.T) {
	s := stagedSetup(t, "exceeded: stage, ")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan int)
	var out, errs syncBuffer
	go func() { done <- cli.Run(ctx, rootCommand(), []string{"run", "-config", s.file}, &out, &errs) }()
	require.Eventually(t, func() bool { return strings.Contains(errs.String(), "staged for approval") }, 30*time.Second, 20*time.Millisecond)
	stop()
	require.Equal(t, cli.StatusOK, <-done)
	require.Regexp(t, `approve="usersync apply -config \S+ -approve [0-9a-f]{32}:create,deactivate"`, errs.String())
	require.NotContains(t, errs.String(), "@voorbeeld.example")
}

// Every option that a limit of the library names is a field of the configuration.
func TestSetting(t *testing.T) {
	for option, want := range map[string]string{
		"Options.Limits.Deactivate":                "limits.deactivate",
		"Options.DayLimits.RemoveRefs":             "limits.day.removeRefs",
		`Options.Limits.Attributes["displayName"]`: "limits.attributes.displayName",
		"Options.Limits.SourceFloor":               "limits.sourceFloor",
		"Options.MaxErrors":                        "apply.maxErrors",
		"Options.Limits.SinkFloor":                 "limits.sinkFloor",
		"the change calendar":                      "the change calendar",
	} {
		if got := setting(option); got != want {
			t.Errorf("%s is %s in the configuration, want %s", option, got, want)
		}
	}
	for text, want := range map[string]string{
		"the sink's record, of the sink, in SYNC; Options.MaxErrors; sinks": "the target's record, of the target, in SYNC; apply.maxErrors; sinks",
		"use https://, or allow plain HTTP explicitly":                      "use https://, or set allowPlaintext: true",
		"use ldaps://, or ldap:// without AllowPlaintext":                   "use ldaps://, or ldap:// without allowPlaintext",
		"by usn, as Options.Increments says":                                "by usn, as source.ldap.increments says",
		`a kind that is not managed; Options.Kinds are ["User"]`:            `a kind that is not managed; the kinds of the rules are ["User"]`,
	} {
		if got := settings(text); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	var l limitsConfig
	l.Run.Reactivate.Count, l.Day.Delete.Off, l.Run.Attributes = 5, true, attributeLimits{{name: "mail", limit: limit{provisioning.Limit{Count: 2}}}}
	l.Canaries, l.Run.RemoveRefsEach.Share, l.Day.RemoveRefsEach.Count = texts{{value: "x"}}, 0.5, 7
	var o provisioning.Options
	l.options(&o)
	want := provisioning.Options{
		Limits: provisioning.Limits{
			Reactivate: provisioning.Limit{Count: 5}, RemoveRefsEach: provisioning.Limit{Share: 0.5},
			Attributes: map[string]provisioning.Limit{"mail": {Count: 2}},
			Canaries:   []provisioning.Ref{{Kind: provisioning.User, ID: "x"}},
		},
		DayLimits: provisioning.Limits{Delete: provisioning.Limit{Off: true}, RemoveRefsEach: provisioning.Limit{Count: 7}},
	}
	if diff := cmp.Diff(want, o); diff != "" {
		t.Errorf("limits (-want +got):\n%s", diff)
	}
}

// golden compares with what a file has.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	if diff := cmp.Diff(string(bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))), got); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
}
