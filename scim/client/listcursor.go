package client

import (
	"context"
	"fmt"
	"net/url"
)

// cursors reads by cursor (RFC 9865): the server ends the list by giving no cursor any more.
func (l *listing) cursors(ctx context.Context) error {
	given := map[string]bool{}
	cursor, read, empty, total := "", 0, 0, -1
	for {
		p, err := l.fetch(ctx, url.Values{"cursor": {cursor}})
		if err != nil {
			return fmt.Errorf("after %d resources: %w", read, err)
		}
		if cursor == "" && p.next == "" && p.hasTotal && p.total > len(p.resources) {
			// The server ignored the cursor and has more: it pages by index only.
			return l.indexes(ctx)
		}
		read += len(p.resources)
		if !l.give(p) {
			return nil
		}
		if cursor == "" && p.hasTotal {
			total = p.total
		}
		switch {
		case p.next == "" && p.hasTotal && p.total == total && len(l.seen) < total:
			return fmt.Errorf("GET %s%s: the cursors ended after %d of %d resources: %w", l.client.base, l.endpoint, len(l.seen), total, ErrIncomplete)
		case p.next == "":
			return nil
		case given[p.next]:
			return fmt.Errorf("the server gave one cursor twice after %d resources, which would go on for ever: %w", read, ErrIncomplete)
		case len(p.resources) > 0:
			empty = 0
		default:
			if empty++; empty > 100 {
				return fmt.Errorf("the server gave a hundred empty pages after %d resources: %w", read, ErrIncomplete)
			}
		}
		given[p.next] = true
		cursor = p.next
	}
}
