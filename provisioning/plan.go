package provisioning

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"time"
)

// planFormat changes when an older Plan can no longer be read.
const planFormat = 1

// A Plan is what a run is going to do. It is data: it can be written as JSON, read by a person,
// refused by a [Guard], approved, and applied later by another process.
type Plan struct {
	// Format is the version of this form.
	Format int `json:"format"`
	// Made is the moment for which the plan was made.
	Made time.Time `json:"made"`
	// Fingerprint names the configuration, rules and policy that it was made from.
	Fingerprint string `json:"fingerprint,omitempty"`
	// Partial says that only some records were compared, as after a Deltas read: what is not in the plan may
	// still differ.
	Partial bool `json:"partial,omitempty"`
	// Foreign says that the mapper gave records other ExternalIDs than their IDs.
	Foreign bool `json:"foreign,omitempty"`
	// ForeignKinds are the kinds of which it did.
	ForeignKinds []Kind `json:"foreignKinds,omitempty"`
	// Concerned are, in a partial plan, the records of the source that were compared.
	Concerned []Ref `json:"concerned,omitempty"`
	// Changes are in the order in which they are applied.
	Changes []*Change `json:"changes"`
	// Held are the records about which nothing is done, each with the reason.
	Held []Held `json:"held,omitempty"`
	// Pending are references whose target is not in the sink yet. They are no changes: they are
	// tried again whenever the target appears.
	Pending []Pending `json:"pending,omitempty"`
	// Relinked are records that an earlier run created and was not able to link.
	Relinked []Link `json:"relinked,omitempty"`
	// Gone are records whose removal waits for the end of Policy.Grace, or is due and was left out.
	Gone []Tombstone `json:"gone,omitempty"`
	// Enabled are records that an earlier run disabled, or was about to, and that are enabled in the sink: whoever disables
	// them next is somebody else.
	Enabled []Ref `json:"enabled,omitempty"`
	// Unshared are references under Policy.SharedRefs that an earlier run added and that the sink has no more: whoever adds them next
	// is somebody else, unless this plan does.
	Unshared []Pending `json:"unshared,omitempty"`
	// Counts say by kind what was compared.
	Counts map[Kind]*Counts `json:"counts"`
	// Canaries are those records of Limits.Canaries that the source gave, in scope.
	Canaries []Ref `json:"canaries,omitempty"`
	// Notes tell a person what else the plan takes into account.
	Notes []string `json:"notes,omitempty"`
	// Cursor is the place in the source's history that is reached when the plan has been applied. A partial plan
	// without one leaves it where it is.
	Cursor Cursor `json:"cursor,omitempty"`
	// Due is the next moment at which something changes although the source does not: an expiry, a first
	// working day, the end of a grace period. Zero is never.
	Due time.Time `json:"due,omitzero"`
	// Later are, of the source's records, those for which such a moment comes before the next full run but one, or within two days.
	Later ByRef[time.Time] `json:"later,omitempty"`
	// Refusals are what guards have against a plan that was staged, which is applied only when it is approved.
	Refusals []*Refusal `json:"refusals,omitempty"`
	// Approval is the Digest, or the Token, of this plan, if somebody approved it. See [Plan.Approve].
	Approval string `json:"approval,omitempty"`

	// there are, in a partial plan that was made just now, the records of the source that were compared and have a counterpart.
	there []Ref
	// withheld are, beside a plan that was staged, the records that keep references until it is approved.
	withheld []Ref
}

// Counts say what was compared of one kind.
type Counts struct {
	// Source is how many records the source gave, and Skipped how many of them are out of scope.
	Source  int `json:"source"`
	Skipped int `json:"skipped,omitempty"`
	// Complete says that the source was read to its end and that each of its records told its ID.
	Complete bool `json:"complete"`
	// Wanted is how many records the sink shall have, and Sink how many it has.
	Wanted int `json:"wanted"`
	Sink   int `json:"sink"`
	// Owned is how many records of the sink are ours, without those that the plan adopts, and Active how many of these are enabled.
	Owned  int `json:"owned"`
	Active int `json:"active"`
	// Unmanaged is how many records of the sink are not ours, and Protected how many are never touched.
	Unmanaged int `json:"unmanaged,omitempty"`
	Protected int `json:"protected,omitempty"`
	// Unchanged is how many are as they shall be.
	Unchanged int `json:"unchanged"`
	// Gone is how many of ours the source no longer has, whatever becomes of them.
	Gone int `json:"gone,omitempty"`
	// Refs is how many references our records in the sink have, by name.
	Refs map[string]int `json:"refs,omitempty"`
	// NotCreated is how many are not in the sink and stay so because they are disabled.
	NotCreated int `json:"notCreated,omitempty"`
	// Forbidden is how many changes the policy left out, by operation.
	Forbidden map[Op]int `json:"forbidden,omitempty"`
}

// Held is a record about which nothing is done in this run, and why.
type Held struct {
	Link
	// Name is what a person calls the record, where that is known.
	Name string `json:"name,omitempty"`
	// Reason is for a person; it names attributes and other records, never values.
	Reason string `json:"reason"`
	// Where is the place of the record in the source, if that tells.
	Where string `json:"where,omitempty"`
	// With are the other records of a conflict.
	With []Link `json:"with,omitempty"`
	// Until is the moment before which a record that keeps failing is not tried again.
	Until time.Time `json:"until,omitzero"`
	// Failures is how often it has failed.
	Failures int `json:"failures,omitempty"`
}

// LogValue keeps the name out of logs.
func (h Held) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("kind", string(h.Kind)), slog.String("source", string(h.Source)), slog.String("target", string(h.Target)),
		slog.String("reason", h.Reason),
	)
}

// Pending is a reference that waits for its target.
type Pending struct {
	Link
	Name string `json:"name"`
	// To is the record of the source that is referred to.
	To Ref `json:"to"`
}

// A Tombstone is a record of ours that is gone from the source, and since when.
type Tombstone struct {
	Link
	Since time.Time `json:"since"`
}

// due notes a moment at which something changes by itself.
func (p *Plan) due(at time.Time) {
	if p.Due.IsZero() || at.Before(p.Due) {
		p.Due = at
	}
}

// Empty reports whether there is nothing to do.
func (p *Plan) Empty() bool { return len(p.Changes) == 0 }

// Ops counts the changes by operation.
func (p *Plan) Ops() map[Op]int {
	n := map[Op]int{}
	for _, c := range p.Changes {
		n[c.Op]++
	}
	return n
}

// Encode writes the plan as JSON. It holds personal data. A value that is no UTF-8 cannot be written as JSON, and is an error.
func (p *Plan) Encode(w io.Writer) error {
	for i, c := range p.Changes {
		if err := c.checkText(); err != nil {
			return fmt.Errorf("write plan: change %d: %w", i, err)
		}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	if err := enc.Encode(p); err != nil {
		return fmt.Errorf("write plan: %w", err)
	}
	return nil
}

// DecodePlan reads a plan that [Plan.Encode] wrote.
func DecodePlan(r io.Reader) (*Plan, error) {
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	p := new(Plan)
	if err := dec.Decode(p); err != nil {
		return nil, fmt.Errorf("read plan: %w; make the plan again", err)
	}
	if p.Format != planFormat {
		return nil, fmt.Errorf("read plan: it has format %d, this program knows %d; make the plan again", p.Format, planFormat)
	}
	for kind, c := range p.Counts {
		if c == nil {
			return nil, fmt.Errorf("read plan: counts of %s are null; make the plan again", kind)
		}
	}
	if slices.Contains(p.Refusals, nil) {
		return nil, errors.New("read plan: a refusal is null; make the plan again")
	}
	for i, c := range p.Changes {
		if c == nil {
			return nil, fmt.Errorf("read plan: change %d is null; make the plan again", i)
		}
		if err := c.check(); err != nil {
			return nil, fmt.Errorf("read plan: change %d: %w; make the plan again", i, err)
		}
	}
	return p, nil
}

// LogValue keeps personal data out of logs: a plan shows only its numbers.
func (p *Plan) LogValue() slog.Value {
	if p == nil {
		return slog.Value{}
	}
	attrs := []slog.Attr{slog.Bool("partial", p.Partial)}
	ops := p.Ops()
	for _, op := range slices.Sorted(maps.Keys(ops)) {
		attrs = append(attrs, slog.Int(string(op), ops[op]))
	}
	attrs = append(attrs, slog.Int("held", len(p.Held)), slog.Int("pending", len(p.Pending)))
	return slog.GroupValue(attrs...)
}

// count gives the counts of a kind, made when they are not there.
func (p *Plan) count(k Kind) *Counts {
	if p.Counts == nil {
		p.Counts = map[Kind]*Counts{}
	}
	c := p.Counts[k]
	if c == nil {
		c = &Counts{}
		p.Counts[k] = c
	}
	return c
}

var (
	_ slog.LogValuer = (*Plan)(nil)
	_ slog.LogValuer = Held{}
)
