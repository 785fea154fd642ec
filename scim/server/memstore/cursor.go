package memstore

import (
	"context"
	"strconv"
	"strings"

	"github.com/ilumy/usersync/scim/server"
)

// A place is where a page is, in the order of creation: after the entry with a seq, or before it. The zero place is that of the
// first page.
type place struct {
	seq    uint64
	before bool
}

// String is the mark in a cursor.
func (p place) String() string {
	s := strconv.FormatUint(p.seq, 36)
	if p.before {
		return "-" + s
	}
	return s
}

func parsePlace(mark string) (p place, err error) {
	if mark == "" {
		return p, nil
	}
	if mark, p.before = strings.CutPrefix(mark, "-"); mark == "" {
		return p, server.InvalidCursor()
	}
	if p.seq, err = strconv.ParseUint(mark, 36, 64); err != nil {
		return p, server.InvalidCursor()
	}
	return p, nil
}

// listByCursor gives the page at a cursor, in the order of creation, so that nothing moves when others are created or deleted.
func (s *Store) listByCursor(ctx context.Context, q *server.Query, candidates []*entry) (*server.Page, error) {
	mark, err := q.Mark()
	if err != nil {
		return nil, err
	}
	at, err := parsePlace(mark)
	if err != nil {
		return nil, err
	}
	page := &server.Page{}
	whole := q.Mentions("members") || q.Mentions("groups")
	var seqs []uint64       // of the resources of the page
	var earlier, later bool // there are others
	for i, e := range candidates {
		if i%1024 == 1023 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		r := e.resource.Load()
		if r != nil && whole {
			r = s.lockedWhole(e, nil)
		}
		if r == nil || !q.Filter.Match(r) {
			continue
		}
		page.Total++
		switch {
		case !at.before && e.seq <= at.seq:
			earlier = true
			continue
		case at.before && e.seq >= at.seq, !at.before && len(seqs) == q.Count:
			later = true
			continue
		}
		page.Resources, seqs = append(page.Resources, r), append(seqs, e.seq)
		if len(seqs) > q.Count { // before the cursor, the last ones count
			page.Resources, seqs, earlier = page.Resources[1:], seqs[1:], true
		}
	}
	if later && len(seqs) > 0 {
		if page.NextCursor, err = q.NewCursor(place{seq: seqs[len(seqs)-1]}.String()); err != nil {
			return nil, err
		}
	}
	if earlier && len(seqs) > 0 {
		if page.PreviousCursor, err = q.NewCursor(place{seqs[0], true}.String()); err != nil {
			return nil, err
		}
	}
	return s.complete(q, page), nil
}
