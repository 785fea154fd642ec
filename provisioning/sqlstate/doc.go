// Package sqlstate keeps what a reconciler remembers between runs in an SQL database, so that
// several processes and machines can share it.
//
// It uses any [database/sql] handle of PostgreSQL or SQLite and imports no driver. [New] makes the
// tables it needs, and brings those of an older version up to date. A [Store] can be used by many
// goroutines, and many processes can have one on the same table: [Store.Swap] lets one of them win.
//
// An SQLite database that another connection writes to refuses everybody else. A Store asks again until it is let in, for half a
// minute at most, or until the context ends; the error says then that the database is locked. So a handle needs no busy_timeout, and does no
// worse with one. What a file is shared with should not hold a transaction open for longer than it takes to write.
package sqlstate
