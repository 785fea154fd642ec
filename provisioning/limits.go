package provisioning

import (
	"errors"
	"fmt"
)

// A Limit bounds how many changes of one sort there may be. The zero value stands for the default of the sort; any other
// one takes its place as a whole. More than Count is too many, and so is more than Share of the population, where a
// population of less than Population counts as that many: three of five is not a catastrophe.
type Limit struct {
	// Count is the greatest number; zero is none.
	Count int `json:"count,omitempty"`
	// Share is the greatest share, 0 to 1; zero is none.
	Share float64 `json:"share,omitempty"`
	// Population is the least population that shares are taken of.
	Population int `json:"population,omitempty"`
	// Off takes the limit away.
	Off bool `json:"off,omitempty"`
}

// Limits bound what one plan may change. Every field that is left zero has a safe default, given in its
// comment. All are judged on the whole plan, before the first write.
type Limits struct {
	// Create bounds new records, of those that are ours. Default: a share of 0.5, of at least 1000, once there was a good run.
	Create Limit `json:"create,omitzero"`
	// Adopt bounds records that Policy.Adopt takes over, of those that are ours then. Default: a share of 0.2, of at least 250,
	// once there was a good run.
	Adopt Limit `json:"adopt,omitzero"`
	// Update bounds changed records, which a wrong rule multiplies; those to which references are only
	// added do not count. Of those that are ours. Default: a share of 0.5, of at least 100.
	Update Limit `json:"update,omitzero"`
	// Deactivate bounds those who lose access, of those of ours who have it. Default: a share of 0.2, of at least 50.
	Deactivate Limit `json:"deactivate,omitzero"`
	// Reactivate bounds those who get access again, of all that are ours. Default: a share of 0.2, of at least 50.
	Reactivate Limit `json:"reactivate,omitzero"`
	// Delete bounds deleted records, of those that are ours. Default: a share of 0.1, of at least 100.
	Delete Limit `json:"delete,omitzero"`
	// RemoveRefs bounds references taken away in total, of all that our records of the kind have, but for one that another takes the
	// place of, as a manager's does. Default: a share of 0.3, of at least 200.
	RemoveRefs Limit `json:"removeRefs,omitzero"`
	// RemoveRefsEach bounds references taken away from one record, of those that it has under the same name. Default: a share of 0.5,
	// of at least 50.
	RemoveRefsEach Limit `json:"removeRefsEach,omitzero"`
	// Attributes bounds by name the records for which one attribute changes, of those that are ours. There is no default. What a
	// day has is counted from when there is a limit.
	Attributes map[string]Limit `json:"attributes,omitempty"`
	// SourceFloor is the least share of the records that the last good run read which a full read
	// must give, by kind, where fewer than 50 count as 50. None at all are always too few, where there were some. Default
	// 0.8; negative is none.
	SourceFloor float64 `json:"sourceFloor,omitempty"`
	// SinkFloor is the least share of our records after the last run that the sink must still have in a full run which creates
	// records, by kind, where fewer than 50 count as 50. Whom the sink does not give would be created once more. Default 0.8;
	// negative is none.
	SinkFloor float64 `json:"sinkFloor,omitempty"`
	// Canaries are records of the source that every full read must give, in scope.
	Canaries []Ref `json:"canaries,omitempty"`
}

// defaultLimits are those that stand where none is given.
func defaultLimits() Limits {
	return Limits{
		Create:         Limit{Share: 0.5, Population: 1000},
		Adopt:          Limit{Share: 0.2, Population: 250},
		Update:         Limit{Share: 0.5, Population: 100},
		Deactivate:     Limit{Share: 0.2, Population: 50},
		Reactivate:     Limit{Share: 0.2, Population: 50},
		Delete:         Limit{Share: 0.1, Population: 100},
		RemoveRefs:     Limit{Share: 0.3, Population: 200},
		RemoveRefsEach: Limit{Share: 0.5, Population: 50},
		SourceFloor:    0.8,
		SinkFloor:      0.8,
	}
}

// most gives the greatest number allowed of a population, and whether there is one.
func (l Limit) most(population int) (int, bool) {
	if l.Off {
		return 0, false
	}
	most, bounded := 0, false
	if l.Share > 0 {
		// A hair is added, so that 0.3 of 10 is 3.
		most, bounded = int(l.Share*float64(max(population, l.Population))+1e-9), true
	}
	if l.Count > 0 && (!bounded || l.Count < most) {
		most, bounded = l.Count, true
	}
	return most, bounded
}

// or gives l, or another where l is zero.
func (l Limit) or(other Limit) Limit {
	if l == (Limit{}) {
		return other
	}
	return l
}

func (l Limit) check() error {
	switch {
	case l.Count < 0 || !(l.Share >= 0 && l.Share <= 1) || l.Population < 0:
		return fmt.Errorf("count %d and population %d must not be negative, and share %g must be between 0 and 1", l.Count, l.Population, l.Share)
	case l.Off && l != Limit{Off: true}:
		return errors.New("it is Off and has numbers; leave one of them out")
	case l.Population > 0 && l.Count == 0 && l.Share == 0:
		return errBoundless
	}
	return nil
}

// errBoundless says of a limit that it is none, although it is there.
var errBoundless = errors.New("it bounds nothing; give it a Count or a Share, or set Off")

func (l *Limits) check(option string) error {
	var errs []error
	for name, limit := range l.byName() {
		if err := limit.check(); err != nil {
			errs = append(errs, fmt.Errorf("option %s.%s: %w", option, name, err))
		}
	}
	for name, limit := range l.Attributes {
		if err := limit.check(); err != nil {
			errs = append(errs, fmt.Errorf("option %s.Attributes[%q]: %w", option, name, err))
		}
	}
	for name, floor := range map[string]float64{"SourceFloor": l.SourceFloor, "SinkFloor": l.SinkFloor} {
		if !(floor <= 1) {
			errs = append(errs, fmt.Errorf("option %s.%s is %g; want at most 1", option, name, floor))
		}
	}
	return errors.Join(errs...)
}

// checkDay reports what only a run can be judged by.
func (l *Limits) checkDay() error {
	var errs []error
	for name, set := range map[string]bool{"SourceFloor": l.SourceFloor != 0, "SinkFloor": l.SinkFloor != 0, "Canaries": len(l.Canaries) > 0} {
		if set {
			errs = append(errs, fmt.Errorf("option DayLimits.%s is one of a single read; set it in Limits", name))
		}
	}
	return errors.Join(errs...)
}

// checkAttributes reports limits that bound nothing. A zero one stands for no default.
func (l *Limits) checkAttributes() error {
	var errs []error
	for name, limit := range l.Attributes {
		if limit == (Limit{}) {
			errs = append(errs, fmt.Errorf("option Limits.Attributes[%q]: %w", name, errBoundless))
		}
	}
	return errors.Join(errs...)
}

func (l *Limits) byName() map[string]Limit {
	return map[string]Limit{
		"Create": l.Create, "Adopt": l.Adopt, "Update": l.Update, "Deactivate": l.Deactivate, "Reactivate": l.Reactivate, "Delete": l.Delete,
		"RemoveRefs": l.RemoveRefs, "RemoveRefsEach": l.RemoveRefsEach,
	}
}
