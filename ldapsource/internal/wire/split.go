package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A frame is four bytes before a message of a batch: its length, and in the first bits what it is.
const (
	frameMore      = 0x80 // a part of an entry, which goes on
	frameContinues = 0x40 // a part that goes on with the one before
	frameFlags     = 0xc0
)

func appendFrame(b []byte, flags byte, length int) []byte {
	return append(b, byte(length>>24)|flags, byte(length>>16), byte(length>>8), byte(length))
}

func readFrame(b []byte) (flags byte, length int) {
	return b[0] & frameFlags, int(b[0]&^frameFlags)<<24 | int(b[1])<<16 | int(b[2])<<8 | int(b[3])
}

// Entries of more than partAbove bytes come in parts of some partSize, when the request allows it.
const (
	partAbove = 1 << 20
	partSize  = 128 << 10
)

// A splitter makes of a large entry, while it comes, several that have its name and some of its values each.
type splitter struct {
	m    *Mux
	s    *Search
	size int    // of a part
	left int    // bytes of the message
	name []byte // the entry's, with tag and length

	part      []byte
	flags     byte
	attribute []byte // the name of the one at hand, with tag and length
	// Where the lengths of what is not ended yet stand in part.
	opAt, listAt, attributeAt, setAt int
}

// errTooLong says that an element does not fit into what holds it.
var errTooLong = fmt.Errorf("%w: an element that is longer than what holds it", ErrProtocol)

// split reads the rest of a message that is a large entry, and delivers it in parts of some size.
func (m *Mux) split(s *Search, length, size int) error {
	if m.batch != nil {
		s.deliver(m.batch)
		m.batch = nil
	}
	p := &splitter{m: m, s: s, size: size, left: length}
	if err := p.entry(); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	return nil
}

func (p *splitter) entry() error {
	opEnd, err := p.open(tagEntry, p.left)
	if err != nil {
		return err
	}
	if p.name, err = p.element(nil, tagOctetString, p.left-opEnd); err != nil {
		return err
	}
	listEnd, err := p.open(tagSequence, p.left-opEnd)
	if err != nil {
		return err
	}
	if listEnd != opEnd {
		return fmt.Errorf("%w: an entry with more than attributes", ErrProtocol)
	}
	p.begin()
	for p.left > listEnd {
		if err := p.values(listEnd); err != nil {
			return err
		}
	}
	p.close(p.listAt)
	p.close(p.opAt)
	controls := len(p.part)
	p.part = append(p.part, make([]byte, p.left)...)
	if p.left > partAbove {
		return fmt.Errorf("%w: controls of %d bytes", ErrProtocol, p.left)
	}
	_, err = io.ReadFull(p.m.in, p.part[controls:])
	p.deliver(0)
	return err
}

// values reads one attribute.
func (p *splitter) values(listEnd int) error {
	end, err := p.open(tagSequence, p.left-listEnd)
	if err != nil {
		return err
	}
	if p.attribute, err = p.element(p.attribute[:0], tagOctetString, p.left-end); err != nil {
		return err
	}
	setEnd, err := p.open(tagSet, p.left-end)
	if err != nil {
		return err
	}
	if setEnd != end {
		return fmt.Errorf("%w: an attribute with more than values", ErrProtocol)
	}
	p.beginAttribute()
	for p.left > end {
		if p.part, err = p.element(p.part, tagOctetString, p.left-end); err != nil {
			return err
		}
		if len(p.part) >= p.size {
			p.endAttribute()
			p.close(p.listAt)
			p.close(p.opAt)
			p.deliver(frameMore)
			p.begin()
			p.beginAttribute()
		}
	}
	p.endAttribute()
	return nil
}

// header reads a tag, which must be this, and a length, which with it must fit into room.
func (p *splitter) header(want byte, room int) (head []byte, length int, err error) {
	for n := 2; ; n++ {
		head, err := p.m.in.Peek(n)
		if err != nil {
			return nil, 0, err
		}
		tag, size, length, err := header(head)
		switch {
		case err != nil:
			return nil, 0, err
		case size == 0:
			continue
		case tag != want:
			return nil, 0, fmt.Errorf("%w: tag 0x%02x where 0x%02x belongs", ErrProtocol, tag, want)
		case size+length > room:
			return nil, 0, errTooLong
		}
		return head[:size], length, nil
	}
}

// open reads the beginning of a constructed element, and gives how much of the message is left at its end.
func (p *splitter) open(want byte, room int) (end int, err error) {
	head, length, err := p.header(want, room)
	if err != nil {
		return 0, err
	}
	p.left -= len(head)
	_, err = p.m.in.Discard(len(head))
	return p.left - length, err
}

// element appends a whole element to b.
func (p *splitter) element(b []byte, want byte, room int) ([]byte, error) {
	head, length, err := p.header(want, room)
	if err != nil {
		return b, err
	}
	rest := len(head) + length
	p.left -= rest
	for rest > 0 { // growing as it comes: a length alone must not cost memory
		n := min(rest, 1<<20)
		at := len(b)
		b = append(b, make([]byte, n)...)
		if _, err := io.ReadFull(p.m.in, b[at:]); err != nil {
			return b, err
		}
		rest -= n
	}
	return b, nil
}

// begin begins a part.
func (p *splitter) begin() {
	p.part = append(p.m.buffer(), 0, 0, 0, 0)
	p.opAt = p.constructed(tagEntry)
	p.part = append(p.part, p.name...)
	p.listAt = p.constructed(tagSequence)
}

func (p *splitter) beginAttribute() {
	p.attributeAt = p.constructed(tagSequence)
	p.part = append(p.part, p.attribute...)
	p.setAt = p.constructed(tagSet)
}

func (p *splitter) endAttribute() {
	p.close(p.setAt)
	p.close(p.attributeAt)
}

// constructed begins an element whose length, at the place that it gives, is not known yet.
func (p *splitter) constructed(tag byte) int {
	p.part = append(p.part, tag, 0x84, 0, 0, 0, 0)
	return len(p.part) - 4
}

// close puts in the length of an element that ends here.
func (p *splitter) close(at int) {
	binary.BigEndian.PutUint32(p.part[at:], uint32(len(p.part)-at-4))
}

// deliver hands a part over.
func (p *splitter) deliver(more byte) {
	appendFrame(p.part[:0], p.flags|more, len(p.part)-4)
	p.s.deliver(p.part)
	p.flags = frameContinues
}
