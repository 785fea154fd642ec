package sqlstore

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/ilumy/usersync/scim/event/delivery"
)

// An EventQueue keeps security events in the database until their recipients have them. Any number of processes
// may put events; let one of them push each stream.
type EventQueue struct {
	db    *DB
	limit int
}

// Events gives the queue of the database, with room for so many tokens in each stream; 0 is 100,000. A full stream refuses
// what comes next.
func (d *DB) Events(limit int) *EventQueue {
	if limit <= 0 {
		limit = 100_000
	}
	return &EventQueue{d, limit}
}

// Put enters a token at the end of a stream.
func (q *EventQueue) Put(ctx context.Context, stream string, e delivery.Entry) error {
	return q.db.write(ctx, func(tx *sql.Tx) error {
		var n int
		err := tx.QueryRowContext(ctx, q.db.bind("SELECT COUNT(*) FROM scim_events WHERE stream = ?"), stream).Scan(&n)
		if err != nil {
			return fmt.Errorf("count the events that wait: %w", err)
		}
		if n >= q.limit {
			return fmt.Errorf("%w: %d tokens wait in it", delivery.ErrFull, n)
		}
		if _, err := q.db.exec(ctx, tx, "INSERT INTO scim_events (stream, id, claims) VALUES (?, ?, ?)", stream, e.ID, string(e.Claims)); err != nil {
			return fmt.Errorf("keep an event: %w", err)
		}
		return nil
	})
}

// Next gives the tokens at the front of a stream.
func (q *EventQueue) Next(ctx context.Context, stream string, n int) ([]delivery.Entry, error) {
	var entries []delivery.Entry
	err := q.db.query(ctx, q.db.db, func(rows *sql.Rows) error {
		var id, claims string
		if err := rows.Scan(&id, &claims); err != nil {
			return err
		}
		entries = append(entries, delivery.Entry{ID: id, Claims: []byte(claims)})
		return nil
	}, "SELECT id, claims FROM scim_events WHERE stream = ? ORDER BY seq LIMIT ?", stream, n)
	if err != nil {
		return nil, fmt.Errorf("read the events that wait: %w", err)
	}
	return entries, nil
}

// Remove takes tokens out.
func (q *EventQueue) Remove(ctx context.Context, stream string, ids ...string) error {
	const most = 500 // databases bound the parameters of a statement
	for len(ids) > 0 {
		n := min(most, len(ids))
		args := []any{stream}
		for _, id := range ids[:n] {
			args = append(args, id)
		}
		ids = ids[n:]
		err := q.db.write(ctx, func(tx *sql.Tx) error {
			_, err := q.db.exec(ctx, tx, "DELETE FROM scim_events WHERE stream = ? AND id IN "+list(n), args...)
			return err
		})
		if err != nil {
			return fmt.Errorf("take events out: %w", err)
		}
	}
	return nil
}

var _ delivery.Queue = (*EventQueue)(nil)
