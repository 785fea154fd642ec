package provisioning_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// The environment of the process that is killed.
const (
	crashURL   = "PROVISIONING_CRASH_URL"
	crashState = "PROVISIONING_CRASH_STATE"
	crashDay   = "PROVISIONING_CRASH_DAY"
)

func TestMain(m *testing.M) {
	if os.Getenv(crashURL) == "" {
		os.Exit(m.Run())
	}
	if err := crashRun(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// crashRun is what the process does: one run against a sink behind HTTP.
func crashRun() error {
	state, err := provisioning.NewFileState(os.Getenv(crashState))
	if err != nil {
		return err
	}
	r, err := provisioning.New(crashSource(os.Getenv(crashDay)), asIs, httpSink{os.Getenv(crashURL)}, &provisioning.Options{
		State: state, Concurrency: 3, Wait: time.Millisecond,
	})
	if err != nil {
		return err
	}
	report, err := r.Run(context.Background())
	if err != nil {
		return err
	}
	return report.Err()
}

// crashSource is the directory on the first and on the second day.
func crashSource(day string) *memory.Store {
	src := memory.New(nil)
	for n := range 8 {
		r := user(n)
		r.Refs = provisioning.Refs{"manager": {uref((n + 1) % 8)}}
		src.Put(r)
	}
	src.Put(group("a", 0, 1, 2, 3), group("b", 4, 5, 6, 7))
	if day == "1" {
		return src
	}
	renamed := user(3)
	renamed.Attributes.Set("userName", "renamed@example.com")
	src.Put(renamed, user(20), user(21), group("a", 1, 20, 21), group("c", 0))
	src.Remove(uref(5), uref(6))
	return src
}

// TestCrash kills a process at each request of a run, before it is done or after it is done and before it is answered, starts
// it again, and wants everybody to be in the sink exactly once, as they shall be.
func TestCrash(t *testing.T) {
	for _, day := range []string{"1", "2"} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("day %s, with the write done %t", day, after), func(t *testing.T) {
				t.Parallel()
				points := 0
				for point := 1; crashAt(t, day, point, after) && !t.Failed(); point++ {
					points++
				}
				t.Logf("killed at %d requests", points)
				require.Greater(t, points, 10)
			})
		}
	}
}

// crashAt kills the process at one request, and reports whether it got as far.
func crashAt(t *testing.T, day string, point int, after bool) bool {
	t.Helper()
	j := newJob(0)
	j.src = crashSource(day)
	j.source = j.src
	dir := t.TempDir()
	state, err := provisioning.NewFileState(dir)
	require.NoError(t, err)
	j.opts.State = state
	if day == "2" {
		j.source = crashSource("1")
		j.clean(t)
		j.source = j.src
	}

	var mu sync.Mutex
	requests, killed := 0, false
	var process *os.Process
	server := httptest.NewServer(&sinkServer{store: j.dst, around: func(do func()) bool {
		mu.Lock()
		defer mu.Unlock()
		requests++
		if killed || requests != point {
			do()
			return true
		}
		killed = true
		if after {
			do()
		}
		_ = process.Kill()
		return false
	}})
	defer server.Close()
	start := func() error {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), crashURL+"="+server.URL, crashState+"="+dir, crashDay+"="+day,
			// Under the race detector a process sleeps for a second before it ends, unless it is told not to.
			"GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=0")
		mu.Lock()
		err := cmd.Start()
		process = cmd.Process
		mu.Unlock()
		require.NoError(t, err)
		return cmd.Wait()
	}
	first := start()
	if !killed {
		require.NoError(t, first)
		return false
	}
	require.Error(t, first)
	require.NoError(t, start(), "the run after the one that was killed at request %d", point)

	j.converged(t)
	for n := range 22 {
		want, ok := j.src.Get(uref(n))
		got := j.of(t, uref(n)) // which fails when somebody is there twice
		switch {
		case ok && (got == nil || got.Disabled || got.Attributes.Get("userName") != want.Attributes.Get("userName")):
			t.Errorf("killed at request %d: user %d is not as it shall be: %+v", point, n, got)
		case !ok && got != nil && !got.Disabled:
			t.Errorf("killed at request %d: the deactivation of user %d was lost", point, n)
		}
	}
	return true
}
