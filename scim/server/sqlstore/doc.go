// Package sqlstore keeps SCIM resources in SQLite or PostgreSQL, through database/sql. It imports no driver.
//
// A resource is one row with its JSON, and one row in an index of values for each value it has, so that any filter and
// order of any attribute is answered by the database with an index, whatever the schemas are. The members of a group
// are rows of their own: one more costs the same in a group of any size. [Open] makes the tables and brings those of
// an older version up to date; they begin with scim_ and can live in a database with others.
//
// A database holds many tenants. [DB.Tenant] gives the [server.Store] of one, which reaches no other.
//
// For SQLite, open the database so that writers wait for each other and readers do not wait. A transaction that begins to read
// and then finds that another has written meanwhile is made again, which _txlock spares it:
//
//	sql.Open("sqlite", "file:scim.db?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_txlock=immediate")
package sqlstore
