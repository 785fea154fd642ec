package provisioning

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"
)

// A Comparison is all that a plan is made from.
type Comparison struct {
	// At is the moment for which the plan is made.
	At time.Time
	// Wanted is what the sink shall have.
	Wanted *Snapshot
	// Kinds are the kinds in the order of their changes.
	Kinds []Kind
	// Have are the records that the sink has, by kind; each sequence is read once.
	Have map[Kind]iter.Seq2[*Record, error]
	// Policy says what the plan may do; nil is the default.
	Policy *Policy
	// Memory is what earlier runs left, Links the link table; both may be nil.
	Memory *Memory
	Links  *Links
	// Fingerprint names the configuration.
	Fingerprint string
	// Partial says that Wanted and Have hold only some records: what is in neither is not gone.
	Partial bool
	// Lenient says that a kind which the sink does not have is left alone.
	Lenient bool
	// Again says that what failed before is tried now, whatever its back-off.
	Again bool
	// Ahead is how far ahead Plan.Later tells of moments, at least two days.
	Ahead time.Duration
	// Canaries are records that Plan.Canaries tells of.
	Canaries []Ref
}

// Compare makes the plan that turns what the sink has into what it shall have. It depends on nothing but c: the same
// comparison gives the same plan. The error is that of reading the sink, and then there is no plan.
func Compare(c *Comparison) (*Plan, error) {
	p := newComparer(c)
	for _, kind := range c.Kinds {
		seq := c.Have[kind]
		if seq == nil {
			continue
		}
		n := 0
		for r, err := range seq {
			if n == 0 && c.Lenient && lacksKind(err) {
				c.Wanted.unmanaged[kind] = "the sink does not have it"
				break
			}
			n++
			if err := p.take(kind, r, err); err != nil {
				return nil, fmt.Errorf("read %s records of the sink: %w", kind, err)
			}
		}
		p.flush(kind)
	}
	p.recover()
	p.unique()
	p.adopt()
	for o := range uint32(p.wanted.size()) {
		p.decide(o)
	}
	p.remove()
	p.present()
	return p.finish(), nil
}

// present notes which records a partial plan found in the sink.
func (p *comparer) present() {
	if !p.Partial {
		return
	}
	for o := range uint32(p.wanted.size()) {
		if p.wanted.status(o) != mentioned && p.found.has(o) {
			p.plan.there = append(p.plan.there, p.wanted.key(o))
		}
	}
}

// A goner is a record of ours in the sink which the source no longer has.
type goner struct {
	Link
	version  string
	disabled bool
	proved   bool
	reason   string
	name     string
}

// A comparer is a comparison under way.
type comparer struct {
	*Comparison
	wanted     *Snapshot
	policy     Policy
	memory     Memory
	plan       *Plan
	leave      map[string]bool // names that only a create writes
	sharedRefs map[string]bool
	found      *counterparts
	gone       []goner
	broken     map[Kind]int // records of the sink that could not be read
	doubts     map[Kind]bool
	stuck      map[Ref]bool // wanted records of which the sink does not keep something
	keys       *matchKeys
	creations  *creations
	batch      []*Record // of the sink, not compared yet
	ahead      ahead
}

func newComparer(c *Comparison) *comparer {
	p := &comparer{
		Comparison: c,
		wanted:     c.Wanted,
		plan:       &Plan{Format: planFormat, Made: c.At, Fingerprint: c.Fingerprint, Partial: c.Partial, Changes: []*Change{}},
		leave:      map[string]bool{},
		sharedRefs: map[string]bool{},
		found:      newCounterparts(c.Wanted),
		broken:     map[Kind]int{},
		doubts:     map[Kind]bool{},
		stuck:      map[Ref]bool{},
	}
	if c.Policy != nil {
		p.policy = *c.Policy
	}
	if c.Memory != nil {
		p.memory = *c.Memory
	}
	for _, name := range p.policy.CreateOnly {
		p.leave[name] = true
	}
	for _, name := range p.policy.SharedRefs {
		p.sharedRefs[name] = true
	}
	for kind, read := range c.Wanted.read {
		*p.plan.count(kind) = Counts{Source: read.Source, Skipped: read.Skipped, Wanted: read.Wanted, Complete: read.Complete && c.Wanted.blind[kind] == ""}
	}
	p.keys = newMatchKeys(p.policy.Adopt, c.Wanted)
	p.creations = newCreations(&p.memory, c.Wanted, c.Partial)
	return p
}

// take takes what the sequence of a kind gives. Records are compared some at a time, in their order.
func (p *comparer) take(kind Kind, h *Record, err error) error {
	if err == nil && h == nil {
		return errNothing
	}
	if err == nil && h.ID == "" {
		err = &RecordError{Ref: Ref{Kind: kind}, Record: h, Err: errNoName}
	}
	if err == nil {
		if p.batch = append(p.batch, h); len(p.batch) == aheadAtOnce {
			p.flush(kind)
		}
		return nil
	}
	var re *RecordError
	if !errors.As(err, &re) {
		return err
	}
	p.flush(kind)
	p.unread(kind, re)
	return nil
}

// flush compares the records that were taken.
func (p *comparer) flush(kind Kind) {
	p.ahead.look(kind, p.batch, p)
	counts := p.plan.count(kind)
	for i, h := range p.batch {
		p.have(kind, h, p.ahead.own[i], p.ahead.owners[i], counts)
	}
	clear(p.batch)
	p.batch = p.batch[:0]
}

// hold takes a record out of the comparison.
func (p *comparer) hold(o uint32, reason string, with ...Link) {
	p.wanted.hold(o, reason, "")
	h := p.wanted.held[o]
	for _, l := range with {
		if !slices.Contains(h.With, l) {
			h.With = append(h.With, l)
		}
	}
	slices.SortFunc(h.With, compareLinks)
	p.wanted.held[o] = h
}

// protected reports whether the policy forbids to touch a record of the sink.
func (p *comparer) protected(h *Record) bool { return p.policy.protects(h) }
