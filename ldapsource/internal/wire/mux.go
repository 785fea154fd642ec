package wire

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// firstID is where our own message IDs start. Those of go-ldap start at 1.
const firstID = 1 << 30

// DefaultMaxMessage is the largest message taken, in bytes. A group of a million members has some 60 MB.
const DefaultMaxMessage = 256 << 20

// batchSize is how many bytes of messages are handed over at once, at least, while more are at hand.
const batchSize = 32 << 10

// maxKept is the largest buffer that is used again.
const maxKept = 256 << 10

// A Mux is a connection for go-ldap that keeps the answers to our own searches for itself. The only reader is
// go-ldap's, so those answers come only once go-ldap reads. It carries one search at a time.
type Mux struct {
	net.Conn
	in         *bufio.Reader
	maxMessage int
	pass       int // bytes of a message of go-ldap's that it has yet to take
	batch      []byte
	free       chan []byte // batches that were read

	writing sync.Mutex // one writer at a time: go-ldap or us

	mu      sync.Mutex
	search  *Search // that is under way
	lastID  int
	lastErr error
}

// NewMux wraps a connection that is ready for LDAP messages, behind TLS where there is TLS. Zero maxMessage means
// [DefaultMaxMessage].
func NewMux(conn net.Conn, maxMessage int) *Mux {
	if maxMessage <= 0 {
		maxMessage = DefaultMaxMessage
	}
	return &Mux{Conn: conn, in: bufio.NewReaderSize(conn, 64<<10), maxMessage: maxMessage, lastID: firstID,
		free: make(chan []byte, 8)}
}

// Broken reports whether the connection came to its end.
func (m *Mux) Broken() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lastErr != nil
}

// Close closes the connection; a search under way fails.
func (m *Mux) Close() error {
	m.fail(net.ErrClosed)
	return m.Conn.Close()
}

// Write sends one message of go-ldap's.
func (m *Mux) Write(b []byte) (int, error) {
	m.writing.Lock()
	defer m.writing.Unlock()
	n, err := m.Conn.Write(b)
	return n, m.fail(err)
}

// Read gives go-ldap its messages, and hands ours over.
func (m *Mux) Read(b []byte) (int, error) {
	for {
		if m.pass > 0 {
			n, err := m.in.Read(b[:min(len(b), m.pass)])
			m.pass -= n
			return n, m.fail(err)
		}
		if err := m.message(); err != nil {
			return 0, m.fail(err)
		}
	}
}

// fail lets the search know that nothing more will come.
func (m *Mux) fail(err error) error {
	if err == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lastErr == nil {
		m.lastErr = err
		if errors.Is(err, io.EOF) {
			m.lastErr = errors.New("the server closed the connection")
		}
	}
	if m.search != nil {
		m.search.fail(m.lastErr)
	}
	return err
}

// message looks at the next message: one of ours is taken, any other left for go-ldap.
func (m *Mux) message() error {
	head, err := m.peekHeader()
	if err != nil {
		return err
	}
	_, size, length, _ := header(head)
	if length > m.maxMessage {
		return fmt.Errorf("%w: a message of %d bytes, more than %d", ErrProtocol, length, m.maxMessage)
	}
	id, idSize, err := m.peekID(size, length)
	if err != nil {
		return err
	}
	if id < firstID {
		if id == 0 {
			m.notice(size, length)
		}
		m.pass = size + length
		return nil
	}
	if _, err := m.in.Discard(size + idSize); err != nil {
		return err
	}
	return m.take(id, length-idSize)
}

// peekHeader gives the tag and length of the next message, which stay in the buffer.
func (m *Mux) peekHeader() ([]byte, error) {
	for n := 2; ; n++ {
		head, err := m.in.Peek(n)
		if err != nil {
			if len(head) > 0 && err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		tag, size, _, err := header(head)
		if err != nil {
			return nil, err
		}
		if tag != tagSequence && size > 0 {
			return nil, fmt.Errorf("%w: it starts with 0x%02x; is this an LDAP server?", ErrProtocol, tag)
		}
		if size > 0 {
			return head, nil
		}
	}
}

// peekID gives the message ID and the bytes it takes.
func (m *Mux) peekID(size, length int) (id, idSize int, err error) {
	head, err := m.in.Peek(size + min(length, 6))
	if err != nil {
		return 0, 0, err
	}
	tag, n, idLength, err := header(head[size:])
	if err != nil || tag != tagInteger || n+idLength > len(head)-size {
		return 0, 0, fmt.Errorf("%w: it has no ID", ErrProtocol)
	}
	value, err := integer(string(head[size+n : size+n+idLength]))
	return int(value), n + idLength, err
}

// notice remembers why the server is about to close the connection (RFC 4511 section 4.4.1).
func (m *Mux) notice(size, length int) {
	if length > 4096 {
		return
	}
	b, err := m.in.Peek(size + length)
	if err != nil {
		return
	}
	var d decoder
	var msg Message
	p := parser{string(b[size:])}
	if _, _, err := p.next(); err != nil || d.decode(p.rest, &msg) != nil || msg.Done == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lastErr = fmt.Errorf("the server closed the connection: result %d %.200q", msg.Done.Code, msg.Done.Text)
}

// buffer gives room for a batch.
func (m *Mux) buffer() []byte {
	select {
	case b := <-m.free:
		return b
	default:
		return make([]byte, 0, batchSize+16<<10)
	}
}

// recycle takes the room of a batch that was read.
func (m *Mux) recycle(b []byte) {
	if cap(b) > maxKept {
		return
	}
	select {
	case m.free <- b[:0]:
	default:
	}
}

// turnPage asks for the next page as soon as the server has ended one, and does not wait until that was looked at: so the
// server and the receiver work at the same time.
func (m *Mux) turnPage(s *Search, content []byte) error {
	var d decoder
	var msg Message
	if d.decode(string(content), &msg) != nil {
		return nil // the receiver will see it
	}
	cookie, more := msg.nextPage()
	if !more {
		return nil
	}
	m.mu.Lock()
	m.lastID++
	id := m.lastID
	s.id = id
	m.mu.Unlock()
	_, err := m.Write(s.request.encode(id, cookie))
	return err
}

// take adds the rest of one of our messages to the batch, and hands that over when it is large or nothing more is
// at hand.
func (m *Mux) take(id, length int) error {
	m.mu.Lock()
	s := m.search
	m.mu.Unlock()
	if s == nil || s.id != id { // of a search that was given up
		_, err := m.in.Discard(length)
		return err
	}
	if s.request.Parts && length > partAbove {
		if head, err := m.in.Peek(1); err != nil || head[0] == tagEntry {
			return m.split(s, length, partSize)
		}
	}
	if m.batch == nil {
		m.batch = m.buffer()
	}
	start := len(m.batch)
	m.batch = appendFrame(m.batch, 0, length)
	for read := 0; read < length; { // growing as it comes: a length alone must not cost memory
		n := min(length-read, 1<<20)
		at := len(m.batch)
		m.batch = append(m.batch, make([]byte, n)...)
		if _, err := io.ReadFull(m.in, m.batch[at:]); err != nil {
			m.batch = m.batch[:start]
			return err
		}
		read += n
	}
	if s.request.PageSize > 0 && m.batch[start+4] == tagDone {
		if err := m.turnPage(s, m.batch[start+4:]); err != nil {
			return err
		}
	}
	if len(m.batch) >= batchSize || m.in.Buffered() == 0 {
		s.deliver(m.batch)
		m.batch = nil
	}
	return nil
}
