package provisioning

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Gone says what becomes of the counterpart of a record that is gone from the source, or out of scope.
type Gone string

const (
	// GoneDefault deactivates users and keeps records of every other kind.
	GoneDefault Gone = ""
	// GoneKeep leaves the counterpart as it is, and reports it.
	GoneKeep Gone = "keep"
	// GoneDeactivate disables it.
	GoneDeactivate Gone = "deactivate"
	// GoneDelete deletes it when it has been gone for Policy.Grace; a user is disabled until then.
	GoneDelete Gone = "delete"
)

// Active says who decides whether a person may use the sink.
type Active string

const (
	// ActiveSource lets the source decide alone: who is disabled by hand in the sink is enabled again.
	ActiveSource Active = ""
	// ActiveBoth lets either side disable: who was disabled in the sink by somebody else stays so.
	// What the reconciler itself disabled it enables again when the source says so; it
	// remembers that in the StateStore.
	ActiveBoth Active = "both"
	// ActiveSink leaves it to the sink: the reconciler never enables nor disables anybody whom
	// the source has, and deactivates only those that are gone.
	ActiveSink Active = "sink"
)

// Owned says which records of the sink the reconciler may change.
type Owned string

const (
	// OwnedExternalID owns every record with an ExternalID, which only the provisioning domain
	// that made it sees (RFC 7643 section 3.1), and every record in the link table.
	OwnedExternalID Owned = ""
	// OwnedLinked owns only what is in the link table: what was created or adopted here.
	OwnedLinked Owned = "linked"
)

// A Match is a rule to find the record of the sink that is the same person or thing as one
// of the source: the two have the same values in all Attributes.
type Match struct {
	// Kind is the kind it is for; empty stands for every kind.
	Kind Kind `json:"kind,omitempty"`
	// Attributes are the names, as in the sink. A record that lacks one of them matches nothing.
	Attributes []string `json:"attributes"`
	// Exact compares values as they are. Otherwise letter case and surrounding space do not matter.
	Exact bool `json:"exact,omitempty"`
}

// A Policy says what a plan may do. The zero value is the safe one: users that are gone are deactivated,
// nothing is ever deleted, and nothing is adopted.
type Policy struct {
	// Gone says by kind what becomes of records that are gone.
	Gone map[Kind]Gone `json:"gone,omitempty"`
	// OutOfScope says it by kind for those that the source has and the mapper skips, where it is not the same: who is taken out of a
	// group that the scope is made of may be kept while who leaves is deactivated. Default: as Gone.
	OutOfScope map[Kind]Gone `json:"outOfScope,omitempty"`
	// Grace is how long a record must have been gone before GoneDelete deletes it. Zero is at once.
	Grace time.Duration `json:"grace,omitempty"`
	// Adopt are the rules, in order, by which a record that the sink has already, without an
	// ExternalID, is taken over. None by default: whoever can choose their own mail
	// address in the sink could otherwise be given another person's account.
	Adopt []Match `json:"adopt,omitempty"`
	// Unique are names of attributes whose values no two wanted records of a kind may share, whatever their
	// letter case. The one that has the value in the sink already goes on; the others are held. A value goes from one record
	// to another in one run; only those who swap theirs fail, and are told of each other and what to do, for no value is ever
	// written that the mapper did not give.
	Unique []string `json:"unique,omitempty"`
	// Forbid are operations that are left out of every plan, and counted.
	Forbid []Op `json:"forbid,omitempty"`
	// Protect names records of the sink that are never touched, an administrator for instance: by their ID or ExternalID as they are
	// spelled, or by the values of an attribute whatever their letter case and the space around them, for most names are so compared.
	Protect []Lookup `json:"protect,omitempty"`
	// Active says who decides whether a person may use the sink.
	Active Active `json:"active,omitempty"`
	// Owned says which records of the sink may be changed.
	Owned Owned `json:"owned,omitempty"`
	// CreateDisabled makes records in the sink for people who are disabled, or whose first day has not come. By default
	// no data of somebody without access is sent.
	CreateDisabled bool `json:"createDisabled,omitempty"`
	// CreateOnly are names of attributes that are written when a record is made, and never after.
	CreateOnly []string `json:"createOnly,omitempty"`
	// SharedRefs are names of references that others may add to: only what the reconciler itself added
	// is removed. It remembers that in the StateStore.
	SharedRefs []string `json:"sharedRefs,omitempty"`
	// FlattenRefs are names of references, as in the source, in which a record of the referring
	// record's own kind stands for its own references: nested groups become their members. Every run compares everything then, since
	// what changed does not tell in which others it stands.
	FlattenRefs []string `json:"flattenRefs,omitempty"`
}

// gone gives what the policy says about a kind.
func (p *Policy) gone(k Kind) Gone {
	if g := p.Gone[k]; g != GoneDefault {
		return g
	}
	if k == User {
		return GoneDeactivate
	}
	return GoneKeep
}

// outOfScope gives what the policy says about records of a kind that the mapper skips.
func (p *Policy) outOfScope(k Kind) (_ Gone, rule string) {
	if g := p.OutOfScope[k]; g != GoneDefault {
		return g, byScope
	}
	return p.gone(k), byGone
}

// milder reports whether a does less harm than b.
func milder(a, b Gone) bool {
	harm := []Gone{GoneKeep, GoneDeactivate, GoneDelete}
	return slices.Index(harm, a) < slices.Index(harm, b)
}

// protects reports whether the policy forbids to touch a record of the sink.
func (p *Policy) protects(h *Record) bool {
	return slices.ContainsFunc(p.Protect, func(l Lookup) bool {
		if l.By == ByID || l.By == ByExternalID {
			return l.Matches(h)
		}
		return l.Kind == h.Kind && slices.ContainsFunc(h.Attributes[l.By], func(v string) bool {
			return slices.ContainsFunc(l.Values, func(named string) bool { return fold(named) == fold(v) })
		})
	})
}

// check gives every mistake at once.
func (p *Policy) check() error {
	var errs []error
	for name, all := range map[string]map[Kind]Gone{"Gone": p.Gone, "OutOfScope": p.OutOfScope} {
		for kind, g := range all {
			switch g {
			case GoneDefault, GoneKeep, GoneDeactivate, GoneDelete:
			default:
				errs = append(errs, fmt.Errorf("option Policy.%s of %s is %q; want %q, %q or %q", name, kind, g, GoneKeep, GoneDeactivate, GoneDelete))
			}
		}
	}
	if p.Grace < 0 {
		errs = append(errs, fmt.Errorf("Policy.Grace is %v; want zero or more", p.Grace))
	}
	for i, m := range p.Adopt {
		if len(m.Attributes) == 0 {
			errs = append(errs, fmt.Errorf("Policy.Adopt rule %d names no attributes, and would match everybody", i+1))
		}
	}
	for _, op := range p.Forbid {
		switch op {
		case Create, Adopt, Update, Reactivate, Deactivate, Delete:
		default:
			errs = append(errs, fmt.Errorf("Policy.Forbid has %q, which is no operation", op))
		}
	}
	for i, l := range p.Protect {
		if l.Kind == "" || l.By == "" || len(l.Values) == 0 {
			errs = append(errs, fmt.Errorf("Policy.Protect rule %d needs a kind, a name to look by, and values", i+1))
		}
	}
	switch p.Active {
	case ActiveSource, ActiveBoth, ActiveSink:
	default:
		errs = append(errs, fmt.Errorf("Policy.Active is %q; want %q, %q or %q", p.Active, ActiveSource, ActiveBoth, ActiveSink))
	}
	switch p.Owned {
	case OwnedExternalID, OwnedLinked:
	default:
		errs = append(errs, fmt.Errorf("Policy.Owned is %q; want %q or %q", p.Owned, OwnedExternalID, OwnedLinked))
	}
	return errors.Join(errs...)
}
