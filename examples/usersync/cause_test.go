package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/provisioning"
)

func TestCauses(t *testing.T) {
	held := func(n int, reason string, more func(*provisioning.Held)) []provisioning.Held {
		all := make([]provisioning.Held, n)
		for i := range all {
			all[i] = provisioning.Held{Link: provisioning.Link{Kind: provisioning.User, Source: provisioning.ID(fmt.Sprint(i))}, Reason: reason}
			if more != nil {
				more(&all[i])
			}
		}
		return all
	}
	conflict := func(h *provisioning.Held) { h.With = []provisioning.Link{{Kind: provisioning.User, Source: "x"}} }
	later := func(h *provisioning.Held) { h.Until = time.Now() }
	for _, test := range []struct {
		name            string
		source, skipped int
		partial         bool
		held            []provisioning.Held
		want            []cause
	}{
		{name: "nobody", source: 5},
		{name: "everybody", source: 15, skipped: 5, held: held(10, "a", nil), want: []cause{{provisioning.User, 10, 10, "a"}}},
		{name: "all but who has no such value", source: 100, held: held(90, "a", nil), want: []cause{{provisioning.User, 90, 100, "a"}}},
		{name: "not so many", source: 100, held: held(89, "a", nil)},
		{name: "two reasons", source: 100, held: append(held(50, "a", nil), held(50, "b", nil)...)},
		{name: "one reason and some of another", source: 100, held: append(held(95, "a", nil), held(5, "b", nil)...), want: []cause{{provisioning.User, 95, 100, "a"}}},
		{name: "one of one", source: 1, held: held(1, "a", nil)},
		{name: "conflicts", source: 2, held: held(2, "a", conflict)},
		{name: "what keeps failing", source: 10, held: held(10, "a", later)},
		{name: "few that changed", source: 9, partial: true, held: held(9, "a", nil)},
		{name: "many that changed", source: 10, partial: true, held: held(10, "a", nil), want: []cause{{provisioning.User, 10, 10, "a"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan := &provisioning.Plan{Partial: test.partial, Held: test.held, Counts: map[provisioning.Kind]*provisioning.Counts{}}
			if test.partial {
				for i := range test.source {
					plan.Concerned = append(plan.Concerned, provisioning.Ref{Kind: provisioning.User, ID: provisioning.ID(fmt.Sprint(i))})
				}
			} else {
				plan.Counts[provisioning.User] = &provisioning.Counts{Source: test.source, Skipped: test.skipped}
			}
			if diff := cmp.Diff(test.want, causes(plan), cmp.AllowUnexported(cause{})); diff != "" {
				t.Errorf("causes (-want +got):\n%s", diff)
			}
		})
	}
	require.Empty(t, causes(nil))
}

// A configuration that holds everybody does not pass for one that works, whichever command runs it.
func TestEverybodyHeld(t *testing.T) {
	small := smallExports(t)
	const cause = `200 of 200 Users are held for the same reason, so it is the rules or the configuration that is to be mended; run: usersync check -config `
	for _, test := range []struct {
		name, limits string
		args         []string
		want         []string
	}{
		{name: "plan", args: []string{"plan"}, want: []string{cause}},
		{name: "apply", args: []string{"apply"}, want: []string{cause}},
		{name: "refused too", limits: "limits: {create: 1}\n", args: []string{"apply"}, want: []string{cause, "nothing was changed", "(limits.create)"}},
		{name: "staged too", limits: "limits: {create: 1, exceeded: stage}\n", args: []string{"apply"}, want: []string{cause, "staged for approval"}},
		{name: "staged too, planned", limits: "limits: {create: 1, exceeded: stage}\n", args: []string{"plan"}, want: []string{cause, "would be staged"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := everybodyHeld(t, small, test.limits)
			status, stdout, stderr := call(t, append(test.args, "-config", s.file)...)
			require.Equal(t, cli.StatusFailed, status, stdout+stderr)
			for _, want := range test.want {
				require.Contains(t, stderr, want)
			}
			require.Contains(t, stderr, `attribute "nickname2" of User: no such attribute`)
		})
	}
	t.Run("run", func(t *testing.T) {
		s := everybodyHeld(t, small, "")
		log := loopUntil(t, s, "nearly all are held")
		require.Regexp(t, `level=ERROR msg="nearly all are held for the same reason, .* kind=User held=200 of=200 reason=.*nickname2.* run="usersync check -config \S+"`, log)
		require.NotContains(t, log, "voorbeeld.example")
	})
}

// A scope that leaves everybody out is told of by whoever reads everybody.
func TestNobodyInScope(t *testing.T) {
	s := newSetup(t, "  ldif: {file: "+smallExports(t)+"}", rulesWith(t, "employeeID pr", "emploieeID pr"))
	for _, args := range [][]string{{"plan"}, {"apply"}, {"check", "-read"}} {
		status, stdout, stderr := call(t, append(args, "-config", s.file)...)
		require.Equal(t, cli.StatusOK, status, stderr)
		require.Contains(t, stdout, "all 202 Users of the source are out of scope; see scope in the rules", args)
		require.NotContains(t, stdout, "all 40 Groups")
	}
}

// So is a source that has nobody, and an account that is to be protected and is not there.
func TestNobodyThere(t *testing.T) {
	for _, test := range []struct {
		name, source, policy string
		args                 []string
		want                 string // empty: nothing of it
	}{
		{name: "no source in a plan", source: ", bases: [\"DC=other\"]", args: []string{"plan"}, want: "note: the source gives no Users; see bases, filters and dialect in the configuration\n"},
		{name: "no source in a check", source: ", bases: [\"DC=other\"]", args: []string{"check", "-read"}, want: "note  the source gives no Groups; see bases, filters and dialect in the configuration\n"},
		{name: "protected in vain", policy: "protect: [beheer@voorbeeld.example, behear@voorbeeld.example]", args: []string{"plan"},
			want: "note: policy.protect names 2 accounts, and the target has 1 of them; is each spelled as the target spells it?\n"},
		{name: "protected", policy: "protect: [beheer@voorbeeld.example]", args: []string{"plan"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSetup(t, "  ldif: {file: "+smallExports(t)+test.source+"}", demoFile(t, "mapping.yaml"))
			_, err := s.plek.AddByHand("beheer@voorbeeld.example", "Plek", "Beheer")
			require.NoError(t, err)
			text, err := os.ReadFile(s.file)
			require.NoError(t, err)
			s.write(t, strings.Replace(string(text), "policy: {", "policy: {"+test.policy+", ", 1))
			if test.policy == "" {
				s.write(t, string(text))
			}
			status, stdout, stderr := call(t, append(test.args, "-config", s.file)...)
			require.Equal(t, cli.StatusOK, status, stderr)
			if test.want == "" {
				require.NotContains(t, stdout, "note: policy")
			}
			require.Contains(t, stdout, test.want)
		})
	}
}

func everybodyHeld(t *testing.T, export, more string) *setup {
	t.Helper()
	s := newSetup(t, "  ldif: {file: "+export+"}", rulesWith(t, "title:", "nickname2: {from: employeeID}\n    title:"))
	s.add(t, more)
	return s
}

// loopUntil runs the loop until its log has a text, and gives the log.
func loopUntil(t *testing.T, s *setup, text string) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan int)
	var out, errs syncBuffer
	go func() { done <- cli.Run(ctx, rootCommand(), []string{"run", "-config", s.file}, &out, &errs) }()
	require.Eventually(t, func() bool { return strings.Contains(errs.String(), text) }, 30*time.Second, 20*time.Millisecond)
	stop()
	require.Equal(t, cli.StatusOK, <-done)
	return errs.String()
}
