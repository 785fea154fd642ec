package client

import (
	"context"
	"fmt"
	"net/url"
)

// maxEmpty is how many pages in a row may bring nothing new: a server may look through much to find little.
const maxEmpty = 100

// cursors reads by cursor (RFC 9865): the server ends the list by giving no cursor any more.
func (l *listing) cursors(ctx context.Context) error {
	given := map[string]bool{}
	seen := &pass{listing: l, place: places{}}
	cursor, stale, total := "", 0, -1
	for {
		p, err := l.fetch(ctx, url.Values{"cursor": {cursor}})
		if err != nil {
			return fmt.Errorf("after %d resources: %w", seen.n, err)
		}
		if cursor == "" && p.next == "" && p.hasTotal && p.total > len(p.resources) {
			// The server ignored the cursor and has more: it pages by index only.
			return l.indexes(ctx)
		}
		fresh, _ := seen.enter(p)
		if !l.give(fresh) {
			return nil
		}
		if cursor == "" && p.hasTotal {
			total = p.total
		}
		switch {
		case p.next == "" && p.hasTotal && p.total == total && seen.n < total:
			return fmt.Errorf("GET %s%s: the cursors ended after %d of %d resources: %w", l.client.base, l.endpoint, seen.n, total, ErrIncomplete)
		case p.next == "":
			return nil
		case given[p.next]:
			return fmt.Errorf("the server gave one cursor twice after %d resources, which would go on for ever: %w", seen.n, ErrIncomplete)
		case len(fresh) > 0:
			stale = 0
		default:
			if stale++; stale > maxEmpty {
				return fmt.Errorf("the server gave %d pages without anything new after %d resources: %w", stale, seen.n, ErrIncomplete)
			}
		}
		given[p.next] = true
		cursor = p.next
	}
}
