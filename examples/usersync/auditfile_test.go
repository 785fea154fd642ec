package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/cli"
)

// A change that is made and not in the audit is told of, by every command that makes changes.
func TestAuditOnFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("this machine has no /dev/full")
	}
	for _, args := range [][]string{{"apply"}, {"sync", "-user", string(former)}} {
		t.Run(args[0], func(t *testing.T) {
			s := fullAudit(t, demoFile(t, "day2.ldif"), "")
			status, stdout, stderr := call(t, append(args, "-config", s.file)...)
			require.Equal(t, cli.StatusFailed, status, stdout)
			require.Regexp(t, `audit /dev/full: (\d+) of \d+ lines are missing, the changes were made all the same; .*no space left`, stderr)
			require.NotZero(t, s.once(t))
		})
	}
	t.Run("what waits", func(t *testing.T) {
		s := fullAudit(t, demoFile(t, "day2.ldif"), "limits: {exceeded: stage, create: 950}\n")
		status, stdout, stderr := call(t, "apply", "-config", s.file)
		require.Equal(t, cli.StatusFailed, status, "%s\n%s", stdout, stderr)
		require.Contains(t, stderr, "lines are missing")
		require.Contains(t, stdout, "staged for approval")
	})
	t.Run("run", func(t *testing.T) {
		s := fullAudit(t, smallExports(t), "")
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		done := make(chan int)
		var out, errs syncBuffer
		go func() { done <- cli.Run(ctx, rootCommand(), []string{"run", "-config", s.file}, &out, &errs) }()
		require.Eventually(t, func() bool { return strings.Contains(errs.String(), "lines are missing from the audit") }, 30*time.Second, 20*time.Millisecond)
		stop()
		require.Equal(t, cli.StatusFailed, <-done)
		require.Regexp(t, `level=ERROR msg="lines are missing from the audit.*file=/dev/full missing=\d+ of=\d+ error=.*no space left`, errs.String())
	})
}

func fullAudit(t *testing.T, export, more string) *setup {
	t.Helper()
	s := newSetup(t, "  ldif: {file: "+export+"}", demoFile(t, "mapping.yaml"))
	text, err := os.ReadFile(s.file)
	require.NoError(t, err)
	s.write(t, string(text)+"audit: /dev/full\n"+more)
	return s
}

// A line that was cut off does not spoil the one after it.
func TestAuditLines(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"a new file", "", "one\ntwo\n"},
		{"whole lines", "zero\n", "zero\none\ntwo\n"},
		{"a line that was cut off", "zero\nze", "zero\nze\none\ntwo\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "audit.jsonl")
			if test.in != "" {
				require.NoError(t, os.WriteFile(name, []byte(test.in), 0o600))
			}
			a, err := openAudit(name)
			require.NoError(t, err)
			for _, line := range []string{"one\n", "two\n"} {
				_, err := a.Write([]byte(line))
				require.NoError(t, err)
			}
			require.NoError(t, a.close())
			got, err := os.ReadFile(name)
			require.NoError(t, err)
			require.Equal(t, test.want, string(got))
			require.NoError(t, a.err())
		})
	}
	t.Run("a disk that is full for a while", func(t *testing.T) {
		disk := &smallDisk{room: 6}
		a := &auditFile{name: "audit.jsonl", w: disk}
		for _, line := range []string{"one\n", "two\n", "three\n"} {
			_, _ = a.Write([]byte(line)) // What fails is counted.
		}
		disk.room = 100
		_, err := a.Write([]byte("four\n"))
		require.NoError(t, err)
		require.Equal(t, "one\ntw\nfour\n", disk.String())
		require.ErrorContains(t, a.err(), "2 of 4 lines are missing")
	})
}

// A smallDisk takes so many bytes.
type smallDisk struct {
	bytes.Buffer
	room int
}

func (d *smallDisk) Write(p []byte) (int, error) {
	n, _ := d.Buffer.Write(p[:min(len(p), d.room)])
	d.room -= n
	if n < len(p) {
		return n, errors.New("no space left")
	}
	return n, nil
}
