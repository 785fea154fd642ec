package provisioning

import (
	"context"
	"iter"
)

// A Kind names a type of record, as SCIM names resource types (RFC 7643 section 6).
type Kind string

// The kinds that every connector of this module knows. A connector may define others.
const (
	User  Kind = "User"
	Group Kind = "Group"
)

// An ID identifies a record within its kind in one system. It is opaque, given by that system, and
// never used again for another record: an objectGUID, an entryUUID, a SCIM id. It is not a
// distinguished name, a login name or a mail address, for all of these change hands. It is UTF-8, or it could not be saved: a
// record of a source whose ID is not, is held.
type ID string

// A Ref points to a record of one system.
type Ref struct {
	Kind Kind `json:"kind"`
	ID   ID   `json:"id"`
}

// A Source gives the records of one system.
//
// Records yields every record of a kind. A pair (nil, *RecordError) concerns one record, and the
// sequence goes on; any other error ends it and says that the read is not complete. A sequence
// that ends without such an error is complete: it is the source's word that there are no more, and
// what it did not yield may be taken for gone. So a source that is cut off, cancelled or limited
// must never end silently. A kind the source does not have is an error that wraps
// [errors.ErrUnsupported], never an empty sequence.
//
// The receiver owns each yielded record. It may stop the iteration at any time, and may run several
// iterations at once.
type Source interface {
	Records(ctx context.Context, kind Kind) iter.Seq2[*Record, error]
}

// A Cursor is a place in the history of a [DeltaSource], opaque to all but it.
type Cursor string

// A Delta is the whole present state of a record that changed, or word that it is gone.
type Delta struct {
	// Ref names the record. A Delta with a zero Ref only carries a Cursor.
	Ref Ref
	// Record is the record as it now is; nil says that it is gone.
	Record *Record
	// Cursor, when not empty, is the place in history up to which everything has been yielded.
	Cursor Cursor
}

// A DeltaSource can tell what changed since a moment. Implement it only when the system keeps a
// history that shows removals and membership changes too; otherwise a full read is both simpler and
// right.
//
// Cursor gives the present place in history. It is taken before a full read, so that what changes
// during the read is seen again. Deltas yields what changed since a cursor, in an order in which
// the last Delta of a record holds its state. Its errors are as those of Records. A cursor that is
// too old, or of another server, is an error that wraps [ErrCursorExpired]; a full read follows.
type DeltaSource interface {
	Source
	Cursor(ctx context.Context) (Cursor, error)
	Deltas(ctx context.Context, since Cursor) iter.Seq2[Delta, error]
}

// A Mapper makes of a source's record the record that the sink shall have. It is a pure function:
// no clock, no network, the same answer for the same record, safe for concurrent use, and it does
// not keep or change src.
//
// The mapped record's Refs name records of the source; they are translated when they are
// written. Its ExternalID, when the mapper leaves it empty, becomes the ID of src. [SkipRecord] says that the
// record is out of scope; any other error holds the record: it is reported, and nothing about it
// is changed or removed.
type Mapper interface {
	Map(src *Record) (*Record, error)
}

// A Sink is a system whose records are kept in step. Its own Records give what it has now, with
// the ExternalID that each record was created with; a record of another provisioning domain has an
// empty one (RFC 7643 section 3.1).
//
// Create makes a record from attributes, without Refs, and gives its ID. A sink that refuses a second record
// with the same unique value answers with an error that wraps [ErrExists].
//
// Update makes the record of c.Target as c.After, which names only what is managed: an attribute
// that is absent from it is left alone, one with no values is cleared. References that change are
// in c.Add and c.Remove, with their targets filled in.
//
// Delete removes a record for good; one that is not there is no error.
//
// A write that fails must leave the record as it was or as it shall be. Errors say which class they
// are of by wrapping one of the sentinels of this package; without one they are taken as worth
// another try. The texts of errors, of a Source and a Mapper too, are written to logs, audits and the state as they are: they name
// records by their IDs and attributes by their names, and have no values and no secrets. All methods may be called concurrently, but never two at once for one record. What they are given is the
// plan's: they do not change it, and copy what they keep.
type Sink interface {
	Source
	Create(ctx context.Context, r *Record) (ID, error)
	Update(ctx context.Context, c *Change) error
	Delete(ctx context.Context, ref Ref) error
}

// A Deactivator has a way of its own to block a record. Do not implement it when an Update with
// Disabled does the same: that is what happens without it.
type Deactivator interface {
	Sink
	Deactivate(ctx context.Context, ref Ref) error
}

// A RefEditor adds and removes references without sending them all, so that one new member of a
// group of 100,000 costs one member. It splits what is too large for one request. A reference that
// is there already, or already gone, is no error. Without it a change of references is an Update.
type RefEditor interface {
	Sink
	EditRefs(ctx context.Context, ref Ref, name string, add, remove []Ref) error
}

// A Batcher writes several changes in one request. Implement it only where that is cheaper than
// concurrent single writes. The errors are those of the changes, in their order; IDs of created records
// are put into the Target of their change. An error that wraps [errors.ErrUnsupported] says that a change was
// certainly not written and is to be written by itself; a sink that turns out to have no way of writing several
// gives it for every change. A change is one of attributes, or an Update of nothing but references.
type Batcher interface {
	Sink
	Batch(ctx context.Context, changes []*Change) []error
}

// A Lookup names records by the value of one attribute.
type Lookup struct {
	Kind Kind
	// By is [ByID], [ByExternalID] or the name of an attribute.
	By string
	// Values are the values looked for; a record matches when it has one of them, letter for letter.
	Values []string
}

// Names for Lookup.By that are not attributes.
const (
	ByID         = "id"
	ByExternalID = "externalId"
)

// A Finder finds single records without reading all. Implement it when the system has an index for
// it. What it yields, in any order, and how it fails are as with Records. See [Find].
type Finder interface {
	Source
	Find(ctx context.Context, l Lookup) iter.Seq2[*Record, error]
}

// A Canonicalizer tells how the sink would give back a record if it were written: names as the sink
// spells them, values as it stores them. Without that, a value that the sink alters would be a
// change for ever. An error holds the record. It is as pure as a Mapper, and does not change r.
type Canonicalizer interface {
	Sink
	Canonical(r *Record) (*Record, error)
}

// A Pinger proves that the system can be reached and lets us in, without reading records. See [Ping].
type Pinger interface {
	Ping(ctx context.Context) error
}
