// Package ldaptest plays what real servers do not do on demand: connections that break, servers that answer in a way
// of their own.
package ldaptest

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// A Cutter is a proxy whose connections break after a number of bytes from the server.
type Cutter struct {
	// URL is where it listens.
	URL string

	mu    sync.Mutex
	after []int
	conns int
}

// NewCutter starts a proxy to the server at a URL. The connections break after so many bytes in turn, all further
// ones after the last number; a negative one is for ever.
func NewCutter(t testing.TB, url string, after ...int) *Cutter {
	t.Helper()
	scheme, address, _ := strings.Cut(url, "://")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listening: %v", err)
	}
	c := &Cutter{URL: scheme + "://" + l.Addr().String(), after: after}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { c.serve(in, address) })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return c
}

// Cut lets the connections that come from now on break after so many bytes in turn.
func (c *Cutter) Cut(after ...int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.after, c.conns = after, 0
}

// Conns gives how many connections there were.
func (c *Cutter) Conns() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conns
}

func (c *Cutter) serve(in net.Conn, address string) {
	defer in.Close()
	c.mu.Lock()
	n := c.after[min(c.conns, len(c.after)-1)]
	c.conns++
	c.mu.Unlock()
	out, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer out.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		io.Copy(out, in)
		out.Close()
	}()
	if n < 0 {
		io.Copy(in, out)
	} else {
		io.CopyN(in, out, int64(n))
	}
	in.Close()
	<-done
}
