package ldif

import (
	"github.com/ilumy/usersync/ldapsource/internal/entry"
)

const (
	// aheadEntries and aheadBytes bound what is read ahead in one batch, of which there are two.
	aheadEntries = 64
	aheadBytes   = 256 << 10
)

// An Ahead is a Reader that reads on while what it gave is used, on a goroutine of its own.
type Ahead struct {
	full chan *batch
	free chan *batch
	now  *batch
	next int
	err  error
	quit chan struct{}
	done chan struct{}
}

// A batch owns its entries, and the room for their values.
type batch struct {
	entries []entry.Entry
	values  [][]string
	n       int
	err     error // what came after the entries
}

// NewAhead reads from r, which nobody else may use then, until Close.
func NewAhead(r *Reader) *Ahead {
	a := &Ahead{full: make(chan *batch, 2), free: make(chan *batch, 2), quit: make(chan struct{}), done: make(chan struct{})}
	a.free <- &batch{}
	a.free <- &batch{}
	go a.read(r)
	return a
}

func (a *Ahead) read(r *Reader) {
	defer close(a.done)
	for {
		var b *batch
		select {
		case b = <-a.free:
		case <-a.quit:
			return
		}
		b.fill(r)
		a.full <- b // there is room for both
		if b.err != nil {
			return
		}
	}
}

// fill reads the next entries.
func (b *batch) fill(r *Reader) {
	b.n, b.err = 0, nil
	for size := 0; b.n < aheadEntries && size < aheadBytes; b.n++ {
		if b.n == len(b.entries) {
			b.entries, b.values = append(b.entries, entry.Entry{}), append(b.values, nil)
		}
		// The entry is read into the room of the one that was here before.
		e := &b.entries[b.n]
		r.entry.Attributes, r.values = e.Attributes, b.values[b.n]
		if _, b.err = r.Next(); b.err != nil {
			return
		}
		*e, b.values[b.n] = r.entry, r.values
		size += len(r.text)
	}
}

// Next gives the next entry, as [Reader.Next] does.
func (a *Ahead) Next() (*entry.Entry, error) {
	for a.err == nil {
		if a.now == nil {
			a.now, a.next = <-a.full, 0
		}
		if a.next < a.now.n {
			a.next++
			return &a.now.entries[a.next-1], nil
		}
		if a.err = a.now.err; a.err == nil {
			a.free <- a.now
			a.now = nil
		}
	}
	return nil, a.err
}

// Close ends the reading. Nothing is read from the file any more when it returns.
func (a *Ahead) Close() {
	close(a.quit)
	<-a.done
}
