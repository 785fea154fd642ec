package provisioning

import (
	"encoding/json"
	"time"
)

// A ByRef is a map from the records of one system, which can be written as JSON.
type ByRef[T any] map[Kind]map[ID]T

// Get gives the value of a record, and whether there is one.
func (m ByRef[T]) Get(ref Ref) (T, bool) {
	v, ok := m[ref.Kind][ref.ID]
	return v, ok
}

// Set gives a record a value.
func (m *ByRef[T]) Set(ref Ref, v T) {
	if *m == nil {
		*m = ByRef[T]{}
	}
	if (*m)[ref.Kind] == nil {
		(*m)[ref.Kind] = map[ID]T{}
	}
	(*m)[ref.Kind][ref.ID] = v
}

// Delete takes the value of a record away.
func (m ByRef[T]) Delete(ref Ref) { delete(m[ref.Kind], ref.ID) }

// each calls do with every record and its value.
func (m ByRef[T]) each(do func(Ref, T)) {
	for kind, ids := range m {
		for id, v := range ids {
			do(Ref{Kind: kind, ID: id}, v)
		}
	}
}

// Len counts the values.
func (m ByRef[T]) Len() int {
	n := 0
	for _, ids := range m {
		n += len(ids)
	}
	return n
}

// A Memory is what a job remembers from run to run, apart from its link table and its [History]. It holds IDs and
// times, of values only digests, and the texts of errors and reasons as sources, mappers and sinks give them, which name attributes and
// records and no values. Records are called as in the source.
type Memory struct {
	// Cursor is the place in the source's history up to which everything is done, Print the configuration with
	// which it was, and Full when everything was last compared; it is zero when that has to be done again.
	Cursor Cursor    `json:"cursor,omitempty"`
	Print  string    `json:"print,omitempty"`
	Full   time.Time `json:"full,omitzero"`
	// Foreign says that the mapper gives ExternalIDs of its own, so that the source's word of what changed does not tell
	// which record of the sink it concerns.
	Foreign bool `json:"foreign,omitempty"`
	// ForeignKinds are the kinds to which it does.
	ForeignKinds []Kind `json:"foreignKinds,omitempty"`
	// Gone are the records whose removal waits for the end of Policy.Grace, with the moment since when.
	Gone ByRef[time.Time] `json:"gone,omitempty"`
	// Disabled are the records that the reconciler disabled, so that it may enable them again.
	Disabled ByRef[bool] `json:"disabled,omitempty"`
	// Failing are the changes that failed, and when they are tried next.
	Failing ByRef[Failing] `json:"failing,omitempty"`
	// Written are digests of what was written to a record, by attribute or name of references, and of what the sink had
	// before, to notice what does not stick.
	Written ByRef[map[string]Written] `json:"written,omitempty"`
	// Shared are the references, by name, that were added under Policy.SharedRefs.
	Shared ByRef[map[string][]Ref] `json:"shared,omitempty"`
	// Creating are the records that a run was about to create, in a job with a link table, and how.
	Creating ByRef[Creation] `json:"creating,omitempty"`
	// Waiting are records that refer to others which are not in the sink, and Due and Held those that are to
	// be looked at again although the source does not tell of them: Held until somebody mends what holds them. Those that are held
	// because a change keeps failing are in Failing.
	Waiting ByRef[[]Ref]     `json:"waiting,omitempty"`
	Due     ByRef[time.Time] `json:"due,omitempty"`
	Held    ByRef[Reason]    `json:"held,omitempty"`
	// Staged are records with a change that waits for approval, and what it does (one that removes what the source still has is
	// an update), and those that keep references to such ones; they are looked at again in every run.
	Staged ByRef[Op] `json:"staged,omitempty"`
}

// A Reason is that of [Held]; empty where an earlier version did not note it.
type Reason string

// UnmarshalJSON reads a text, or the true of an earlier version.
func (r *Reason) UnmarshalJSON(b []byte) error {
	if string(b) == "true" {
		*r = ""
		return nil
	}
	return json.Unmarshal(b, (*string)(r))
}

// Failing is the history of a record whose changes fail.
type Failing struct {
	Failures int       `json:"failures"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	// Next is when it is tried again, unless what is to be changed is another before.
	Next  time.Time `json:"next"`
	Class Class     `json:"class"`
	Error string    `json:"error"`
	// Op and Digest are of the change that failed.
	Op     Op     `json:"op"`
	Digest string `json:"digest"`
	// Also is the digest of the record's other change, if both failed.
	Also string `json:"also,omitempty"`
	// Gone says that it removes what the source was proved not to have any more.
	Gone bool `json:"gone,omitempty"`
}

// Written says how often the same was written in vain.
type Written struct {
	Digest string `json:"digest"`
	// Found is a digest of what the sink had when it was last written; empty where that is not known.
	Found string `json:"found,omitempty"`
	Times int    `json:"times"`
	// All counts the times whatever was found.
	All int `json:"all,omitempty"`
}
