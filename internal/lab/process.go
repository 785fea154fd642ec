package lab

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a server may take to be ready, or to end. Machines that run tests are busy.
const patience = 60 * time.Second

// A Process is a server that stays in the foreground. It ends with the test, and with the test
// binary, however that ends.
type Process struct {
	t    testing.TB
	name string
	dir  string // holds all that the server writes
	argv []string
	env  []string
	user *syscall.Credential // another account than ours, for servers that refuse root
	ask  syscall.Signal      // how to ask it to end
	// addrs take connections as soon as it is ready; ready, when not nil, is asked after that.
	addrs []string
	ready func() error

	mu   sync.Mutex
	pid  int
	done chan struct{} // closed when it has ended and was collected
}

// Start starts the server again after Stop or Kill, at the same addresses and with its data. It
// returns when the server takes connections, and fails the test when it does not.
func (p *Process) Start() {
	p.t.Helper()
	// What a killed server had forked may still hold what the new one wants.
	err := p.start()
	for try := 1; err != nil && try < 5; try++ {
		time.Sleep(time.Duration(try) * 100 * time.Millisecond)
		err = p.start()
	}
	if err != nil {
		p.t.Fatalf("starting %s: %v", p.name, err)
	}
}

// startAt starts the server for the first time, at addresses that set chooses and tells it, and ends it with the test. Somebody
// may take an address that was free when set looked; then it looks again.
func (p *Process) startAt(set func()) {
	p.t.Helper()
	p.t.Cleanup(p.Stop)
	var err error
	for range 3 {
		set()
		if err = p.start(); err == nil {
			return
		}
	}
	p.t.Fatalf("starting %s: %v", p.name, err)
}

// Stop asks the server to end, and waits until it has.
func (p *Process) Stop() { p.end(p.ask) }

// Kill ends the server at once, as a crash would, and waits until it is gone.
func (p *Process) Kill() {
	var children []int
	if p.signal(0) != nil { // it runs, so that the number is its own
		children = descendants(p.pid)
	}
	p.end(syscall.SIGKILL)
	// Those with a session of their own, as PostgreSQL's have, would go on answering for a while.
	for _, pid := range children {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	for _, pid := range children {
		for end := time.Now().Add(patience / 4); alive(pid) && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
	}
}

// Pause holds the server still, connections and all, as a machine that hangs; Resume lets it go on.
func (p *Process) Pause() { p.signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (p *Process) Resume() { p.signal(syscall.SIGCONT) }

// Log gives what the server wrote to its standard output and error.
func (p *Process) Log() string {
	b, err := os.ReadFile(filepath.Join(p.dir, "out.log"))
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func (p *Process) start() error {
	log, err := os.OpenFile(filepath.Join(p.dir, "out.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(p.argv[0], p.argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, log, log
	cmd.Env = append(os.Environ(), p.env...)
	// A group of its own, so that what it forks ends with it; and the kernel ends it when we die.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Credential: p.user}
	started, done := make(chan error, 1), make(chan struct{})
	go func() {
		// The kernel takes the end of the thread that started it for our death (golang.org/issue/27505).
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
			close(done)
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	p.mu.Lock()
	p.pid, p.done = cmd.Process.Pid, done
	p.mu.Unlock()
	if err := p.await(done); err != nil {
		p.Kill()
		return fmt.Errorf("%w; its last words:\n%s", err, tail(p.Log()))
	}
	return nil
}

// await waits until the server takes connections.
func (p *Process) await(done <-chan struct{}) error {
	limit := time.After(patience)
	for {
		err := p.check()
		if err == nil {
			return nil
		}
		select {
		case <-done:
			return errors.New("it ended while it was starting")
		case <-limit:
			return fmt.Errorf("it was not ready after %v: %w", patience, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (p *Process) check() error {
	for _, addr := range p.addrs {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			return err
		}
		conn.Close()
	}
	if p.ready != nil {
		return p.ready()
	}
	return nil
}

// signal sends to the process and all that it forked.
func (p *Process) signal(sig syscall.Signal) (done <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done == nil {
		return nil
	}
	select {
	case <-p.done: // collected: the number may be somebody else's by now
		return nil
	default:
	}
	_ = syscall.Kill(-p.pid, sig)
	return p.done
}

func (p *Process) end(sig syscall.Signal) {
	done := p.signal(sig)
	if done == nil {
		return
	}
	p.signal(syscall.SIGCONT) // one that is paused hears nothing
	select {
	case <-done:
		return
	case <-time.After(patience / 4):
		p.signal(syscall.SIGKILL)
	}
	<-done
}

// run runs a program to its end, in dir, and gives what it said when it fails.
func run(dir string, user *syscall.Credential, stdin []byte, argv ...string) error {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: user}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w; its last words:\n%s", filepath.Base(argv[0]), err, tail(string(out)))
	}
	return nil
}

// tail gives the end of a log.
func tail(log string) string {
	const most = 2000
	if len(log) > most {
		log = "..." + log[len(log)-most:]
	}
	return log
}
