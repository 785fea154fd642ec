// Package sqlstate keeps what a reconciler remembers between runs in an SQL database, so that
// several processes and machines can share it.
//
// It uses any [database/sql] handle of PostgreSQL or SQLite and imports no driver. [New] makes the
// tables it needs, and brings those of an older version up to date. A [Store] can be used by many
// goroutines, and many processes can have one on the same table: [Store.Swap] lets one of them win.
package sqlstate
