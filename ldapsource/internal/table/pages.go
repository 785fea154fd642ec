package table

import (
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
	"slices"
)

const (
	pageSize = 4096
	keySize  = 16
	header   = 2 // the number of rows in a page
)

// pages are a table in a file. The first bits of a key tell its page; of a full page the rows go on in the next one.
// Since keys are evenly spread, that is rare. One page at a time is in memory.
type pages struct {
	file  *file
	width int
	shift int // from the first half of a key to its page
	count int
	rows  int

	page  [pageSize]byte
	at    int // which page that is; -1: none
	dirty bool
}

// newPages makes room for a number of rows, and for as many more.
func newPages(width, rows int, dir string) (*pages, error) {
	f, err := createFile(dir)
	if err != nil {
		return nil, err
	}
	p := &pages{file: f, width: width, at: -1}
	p.count = 1 << bits.Len(uint(2*rows/p.fill()))
	p.shift = 64 - bits.TrailingZeros(uint(p.count))
	return p, nil
}

// perPage is how many rows a page has, fill how many it should have.
func (p *pages) perPage() int { return (pageSize - header) / (keySize + p.width) }
func (p *pages) fill() int    { return p.perPage() * 3 / 4 }
func (p *pages) room() int    { return p.count * p.fill() }

func (p *pages) of(k Key) int { return int(k[0] >> p.shift) }

// order puts keys into the order of their pages.
func (p *pages) order(a, b Key) int { return cmp.Compare(a[0], b[0]) }

// read brings a page into memory.
func (p *pages) read(n int) error {
	if p.at == n {
		return nil
	}
	if err := p.write(); err != nil {
		return err
	}
	p.at = -1
	read, err := p.file.ReadAt(p.page[:], int64(n)*pageSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	clear(p.page[read:]) // nothing was written there yet
	p.at = n
	return nil
}

// write puts the page in memory into the file.
func (p *pages) write() error {
	if !p.dirty {
		return nil
	}
	p.dirty = false
	_, err := p.file.WriteAt(p.page[:], int64(p.at)*pageSize)
	return err
}

func (p *pages) used() int { return int(binary.LittleEndian.Uint16(p.page[:])) }

func (p *pages) row(i int) []byte {
	size := keySize + p.width
	return p.page[header+i*size : header+(i+1)*size]
}

// find brings the page of a key into memory and gives its row there, or the free row where it belongs.
func (p *pages) find(k Key) (row int, ok bool, err error) {
	for n := p.of(k); ; n = (n + 1) % p.count {
		if err := p.read(n); err != nil {
			return 0, false, err
		}
		used := p.used()
		for i := range used {
			if getKey(p.row(i)) == k {
				return i, true, nil
			}
		}
		if used < p.perPage() {
			return used, false, nil
		}
	}
}

func (p *pages) get(k Key, value []byte) (bool, error) {
	i, ok, err := p.find(k)
	if ok {
		copy(value, p.row(i)[keySize:])
	}
	return ok, err
}

func (p *pages) put(k Key, value []byte) error {
	i, ok, err := p.find(k)
	if err != nil {
		return err
	}
	row := p.row(i)
	if !ok {
		putKey(row, k)
		binary.LittleEndian.PutUint16(p.page[:], uint16(i+1))
		p.rows++
	}
	copy(row[keySize:], value)
	p.dirty = true
	return nil
}

// moveTo puts all rows into other pages, a piece at a time in the order of those.
func (p *pages) moveTo(to *pages) error {
	const piece = 256
	size := keySize + p.width
	rows := make([]byte, 0, piece*pageSize)
	var order []int
	for n := range p.count {
		if err := p.read(n); err != nil {
			return err
		}
		rows = append(rows, p.page[header:header+p.used()*size]...)
		if n%piece < piece-1 && n < p.count-1 {
			continue
		}
		order = order[:0]
		for i := 0; i < len(rows); i += size {
			order = append(order, i)
		}
		slices.SortFunc(order, func(a, b int) int { return to.order(getKey(rows[a:]), getKey(rows[b:])) })
		for _, i := range order {
			if err := to.put(getKey(rows[i:]), rows[i+keySize:i+size]); err != nil {
				return err
			}
		}
		rows = rows[:0]
	}
	return to.write()
}
