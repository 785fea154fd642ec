package wire

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// ErrTimeout says that the server was silent for too long.
var ErrTimeout = errors.New("the server does not answer")

// A Request is a search (RFC 4511 section 4.5.1).
type Request struct {
	Base string
	// Scope is one of go-ldap's.
	Scope int
	// Filter is a filter as go-ldap compiled it.
	Filter     *ber.Packet
	Attributes []string
	SizeLimit  int
	// TimeLimit is asked of the server, in whole seconds.
	TimeLimit time.Duration
	Controls  []ldap.Control
	// PageSize, when not zero, asks for pages of so many entries (RFC 2696), one after the other until the server says
	// that there are no more. Each page ends with a message that is Done.
	PageSize int
	// Parts lets an entry of more than 1 MiB come in several messages; see [entry.Entry].
	Parts bool
}

// A Search is one under way. Its messages are for one receiver.
type Search struct {
	id      int
	mux     *Mux
	batches chan []byte
	failed  chan struct{}
	once    sync.Once
	err     error
	left    chan struct{}

	request *Request
	decoder decoder
	whole   []byte // the batch at hand
	batch   []byte // what is left of it
	timer   *time.Timer
	ended   bool
}

// Search sends a request. The Search must be closed.
func (m *Mux) Search(r *Request) (*Search, error) {
	m.mu.Lock()
	if m.search != nil {
		m.mu.Unlock()
		return nil, errors.New("a search is under way on this connection")
	}
	if m.lastErr != nil {
		defer m.mu.Unlock()
		return nil, m.lastErr
	}
	m.lastID++
	s := &Search{id: m.lastID, mux: m, request: r, batches: make(chan []byte, 4), failed: make(chan struct{}),
		left: make(chan struct{})}
	id := s.id
	m.search = s
	m.mu.Unlock()
	if _, err := m.Write(r.encode(id, "")); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// encode makes the message for a page.
func (r *Request) encode(id int, cookie string) []byte {
	p := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchRequest, nil, "")
	op.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, r.Base, ""))
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, r.Scope, ""))
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, ldap.NeverDerefAliases, ""))
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, r.SizeLimit, ""))
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, int(r.TimeLimit/time.Second), ""))
	op.AppendChild(ber.NewBoolean(ber.ClassUniversal, ber.TypePrimitive, ber.TagBoolean, false, ""))
	op.AppendChild(r.Filter)
	attributes := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
	for _, name := range r.Attributes {
		attributes.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, name, ""))
	}
	op.AppendChild(attributes)
	p.AppendChild(op)
	if len(r.Controls) > 0 || r.PageSize > 0 {
		controls := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "")
		for _, c := range r.Controls {
			controls.AppendChild(c.Encode())
		}
		if r.PageSize > 0 {
			page := ldap.NewControlPaging(uint32(r.PageSize))
			page.SetCookie([]byte(cookie))
			controls.AppendChild(page.Encode())
		}
		p.AppendChild(controls)
	}
	return p.Bytes()
}

// deliver gives the receiver a batch, and waits while it has enough.
func (s *Search) deliver(batch []byte) {
	select {
	case s.batches <- batch:
	case <-s.left:
	}
}

// fail is called once nothing more can come.
func (s *Search) fail(err error) {
	s.once.Do(func() {
		s.err = err
		close(s.failed)
	})
}

// Next waits for the next message and decodes it into m. Every search ends with a message that is Done, or with
// an error; after either no more may be asked for, but where another page follows. A silence longer than timeout is an [ErrTimeout].
func (s *Search) Next(ctx context.Context, timeout time.Duration, m *Message) error {
	if len(s.batch) == 0 {
		if err := s.wait(ctx, timeout); err != nil {
			return err
		}
	}
	b := s.batch
	flags, length := readFrame(b)
	text := string(b[4 : 4+length])
	if s.batch = b[4+length:]; len(s.batch) == 0 {
		s.mux.recycle(s.whole)
	}
	if err := s.decoder.decode(text, m); err != nil {
		return err
	}
	if m.Entry != nil {
		m.Entry.More, m.Entry.Continues = flags&frameMore != 0, flags&frameContinues != 0
	}
	if m.Done != nil {
		_, more := m.nextPage()
		s.ended = !(s.request.PageSize > 0 && more)
	}
	return nil
}

// Ended reports whether the last message was the end of the search, and not of a page only.
func (s *Search) Ended() bool { return s.ended }

// nextPage gives the cookie of the next page, if another follows.
func (m *Message) nextPage() (cookie string, more bool) {
	if m.Done == nil || m.Done.Code != ldap.LDAPResultSuccess {
		return "", false
	}
	cookie, _, err := m.Cookie()
	return cookie, err == nil && cookie != ""
}

// wait waits for the next batch.
func (s *Search) wait(ctx context.Context, timeout time.Duration) error {
	err := s.receive(ctx, timeout)
	s.whole = s.batch
	return err
}

func (s *Search) receive(ctx context.Context, timeout time.Duration) error {
	select { // what came before the connection broke comes first
	case s.batch = <-s.batches:
		return ctx.Err()
	default:
	}
	if s.timer == nil {
		s.timer = time.NewTimer(timeout)
	} else {
		s.timer.Reset(timeout)
	}
	defer s.timer.Stop()
	select {
	case s.batch = <-s.batches:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.timer.C:
		return fmt.Errorf("%w: nothing came for %v", ErrTimeout, timeout)
	case <-s.failed:
		select {
		case s.batch = <-s.batches:
			return nil
		default:
			return s.err
		}
	}
}

// Close gives a search up, or puts away one that ended, and reports whether it had ended: only then may the
// connection be used again.
func (s *Search) Close() bool {
	s.mux.mu.Lock()
	if s.mux.search == s {
		s.mux.search = nil
		close(s.left)
	}
	s.mux.mu.Unlock()
	return s.ended
}
