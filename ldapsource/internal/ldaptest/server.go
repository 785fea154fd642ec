package ldaptest

import (
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// A Server speaks LDAP and answers searches as a test wants. It lets everybody in.
type Server struct {
	// URL is where it listens, without TLS.
	URL string
	// Root is its root DSE.
	Root map[string][]string

	search func(*Search)

	mu    sync.Mutex
	bind  func(name, password string) (code int, text string, controls []ldap.Control)
	conns int
}

// SetBind has f answer every bind from now on.
func (s *Server) SetBind(f func(name, password string) (code int, text string, controls []ldap.Control)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bind = f
}

// A Search is a request that the test answers, ended by [Search.Done].
type Search struct {
	Base       string
	Scope      int64
	Filter     string
	Attributes []string
	// Controls are the values of the request's controls by their OID.
	Controls map[string]string
	// Conn counts connections from 1, so that a test can tell them apart.
	Conn int

	id  int64
	net net.Conn
}

// NewServer starts a server. Searches of the root DSE are answered from root, all others by search.
func NewServer(t testing.TB, root map[string][]string, search func(*Search)) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listening: %v", err)
	}
	return serveOn(t, l, root, search)
}

func serveOn(t testing.TB, l net.Listener, root map[string][]string, search func(*Search)) *Server {
	s := &Server{URL: "ldap://" + l.Addr().String(), Root: root, search: search}
	var wg sync.WaitGroup
	var open sync.Map
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Store(c, true)
			wg.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		open.Range(func(c, _ any) bool { c.(net.Conn).Close(); return true })
		wg.Wait()
	})
	return s
}

func (s *Server) serve(c net.Conn) {
	defer c.Close()
	s.mu.Lock()
	s.conns++
	n := s.conns
	s.mu.Unlock()
	for {
		p, err := ber.ReadPacket(c)
		if err != nil || len(p.Children) < 2 {
			return
		}
		id, _ := p.Children[0].Value.(int64)
		switch op := p.Children[1]; op.Tag {
		case ldap.ApplicationBindRequest:
			s.mu.Lock()
			f := s.bind
			s.mu.Unlock()
			var code int
			var message string
			var list []ldap.Control
			if f != nil {
				code, message, list = f(text(op.Children[1]), text(op.Children[2]))
			}
			reply(c, id, ldap.ApplicationBindResponse, result(code, message), list...)
		case ldap.ApplicationSearchRequest:
			q := &Search{id: id, net: c, Conn: n, Base: text(op.Children[0]), Controls: controls(p)}
			q.Scope, _ = op.Children[1].Value.(int64)
			q.Filter, _ = ldap.DecompileFilter(op.Children[6])
			for _, a := range op.Children[7].Children {
				q.Attributes = append(q.Attributes, text(a))
			}
			if q.Base == "" && q.Scope == ldap.ScopeBaseObject {
				q.Entry("", s.Root)
				q.Done(0, "")
				continue
			}
			s.search(q)
		case ldap.ApplicationUnbindRequest:
			return
		}
	}
}

// Entry sends an entry.
func (q *Search) Entry(dn string, attributes map[string][]string, controls ...ldap.Control) {
	list := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
		a.AppendChild(octets(name))
		set := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
		for _, v := range attributes[name] {
			set.AppendChild(octets(v))
		}
		a.AppendChild(set)
		list.AppendChild(a)
	}
	q.send(ldap.ApplicationSearchResultEntry, []*ber.Packet{octets(dn), list}, controls)
}

// Reference sends a reference to another server.
func (q *Search) Reference(url string) {
	q.send(ldap.ApplicationSearchResultReference, []*ber.Packet{octets(url)}, nil)
}

// Done ends the search.
func (q *Search) Done(code int, text string, controls ...ldap.Control) {
	q.send(ldap.ApplicationSearchResultDone, result(code, text), controls)
}

// Raw sends bytes as they are.
func (q *Search) Raw(b string) { q.net.Write([]byte(b)) }

// Hangup breaks the connection.
func (q *Search) Hangup() { q.net.Close() }

func (q *Search) send(tag ber.Tag, content []*ber.Packet, controls []ldap.Control) {
	reply(q.net, q.id, tag, content, controls...)
}

func reply(c net.Conn, id int64, tag ber.Tag, content []*ber.Packet, controls ...ldap.Control) {
	p := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
	for _, part := range content {
		op.AppendChild(part)
	}
	p.AppendChild(op)
	if len(controls) > 0 {
		list := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "")
		for _, control := range controls {
			list.AppendChild(control.Encode())
		}
		p.AppendChild(list)
	}
	c.Write(p.Bytes())
}

func result(code int, message string) []*ber.Packet {
	return []*ber.Packet{ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, code, ""), octets(""), octets(message)}
}

func octets(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

func text(p *ber.Packet) string { return ber.DecodeString(p.Data.Bytes()) }

// controls gives the values of a request's controls.
func controls(p *ber.Packet) map[string]string {
	found := map[string]string{}
	if len(p.Children) < 3 {
		return found
	}
	for _, c := range p.Children[2].Children {
		value := ""
		if last := c.Children[len(c.Children)-1]; len(c.Children) > 1 && last.Tag == ber.TagOctetString {
			value = text(last)
		}
		found[text(c.Children[0])] = value
	}
	return found
}

// Page gives the cookie of a request for a page, and whether one was asked for.
func (q *Search) Page() (cookie string, size int, ok bool) {
	value, ok := q.Controls[ldap.ControlTypePaging]
	if !ok {
		return "", 0, false
	}
	p := ber.DecodePacket([]byte(value))
	n, _ := p.Children[0].Value.(int64)
	return text(p.Children[1]), int(n), true
}

// Cookie is the control that ends a page.
func Cookie(cookie string) ldap.Control {
	c := ldap.NewControlPaging(0)
	c.SetCookie([]byte(cookie))
	return c
}

// Wants reports whether the request asks for an attribute, whatever its options.
func (q *Search) Wants(name string) bool {
	return slices.ContainsFunc(q.Attributes, func(a string) bool {
		base, _, _ := strings.Cut(a, ";")
		return strings.EqualFold(base, name)
	})
}
