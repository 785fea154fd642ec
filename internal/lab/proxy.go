package lab

import (
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// A Proxy stands between a client and a server, and breaks their connections.
type Proxy struct {
	// Addr is where it listens, on 127.0.0.1: "127.0.0.1:40123".
	Addr string

	target   string
	listener net.Listener
	cutAfter atomic.Int64
	accepted atomic.Int64
	received atomic.Int64

	mu    sync.Mutex
	conns map[net.Conn]bool
}

// NewProxy starts a proxy in front of a server's address, "127.0.0.1:636" or "ldaps://127.0.0.1:636".
// Certificates of this package's servers are good for 127.0.0.1 too.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("starting a proxy: %v", err)
	}
	p := &Proxy{Addr: l.Addr().String(), target: hostPort(target), listener: l, conns: map[net.Conn]bool{}}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.accepted.Add(1)
			wg.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.Reset()
		wg.Wait()
	})
	return p
}

// CutAfter resets each connection that is made from now on as soon as so many bytes have come from
// the server; 0 resets none.
func (p *Proxy) CutAfter(bytes int64) { p.cutAfter.Store(bytes) }

// Reset resets the connections that there are now, as a server does that drops idle ones.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		reset(c)
	}
}

// Accepted counts the connections that were made so far.
func (p *Proxy) Accepted() int { return int(p.accepted.Load()) }

// Received counts the bytes that came from the server so far.
func (p *Proxy) Received() int64 { return p.received.Load() }

func (p *Proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		reset(client)
		return
	}
	defer server.Close()
	p.mu.Lock()
	p.conns[client], p.conns[server] = true, true
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.conns, client)
		delete(p.conns, server)
		p.mu.Unlock()
	}()
	from := io.Reader(counter{server, &p.received})
	cut := p.cutAfter.Load()
	if cut > 0 {
		from = io.LimitReader(from, cut)
	}
	go func() {
		_, _ = io.Copy(server, client)
		reset(server) // the other direction ends too
	}()
	n, err := io.Copy(client, from)
	if cut > 0 && n == cut || err != nil {
		reset(client)
	}
}

// reset closes a connection so that the other end sees an error, and not an orderly end.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

// hostPort gives the address in a URL, with the port that its scheme stands for.
func hostPort(target string) string {
	scheme, addr, ok := strings.Cut(target, "://")
	if !ok {
		return target
	}
	if _, _, err := net.SplitHostPort(addr); err == nil {
		return addr
	}
	return net.JoinHostPort(addr, map[string]string{"ldap": "389", "ldaps": "636"}[scheme])
}

type counter struct {
	io.Reader
	n *atomic.Int64
}

func (c counter) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n.Add(int64(n))
	return n, err
}
