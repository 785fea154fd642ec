package provisioning

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"
)

// Options change how a [Reconciler] works. The zero value is the safe default.
type Options struct {
	// Job names this pairing of a source and a sink in the StateStore, in which several may live.
	// Default "default".
	Job string
	// Kinds are what is managed, in the order in which it is read. Default: User and Group, of which a kind that
	// the source does not have is left alone. A kind named here that either end does not have is an error.
	Kinds []Kind
	// Policy says what a plan may do.
	Policy Policy
	// Limits bound what one run may change, and DayLimits what all runs of the last 24 hours may,
	// this one included. A limit that is zero in DayLimits is the one of Limits. Its floors and canaries stay empty.
	Limits    Limits
	DayLimits Limits
	// Guards are further judges of a plan, after Limits.
	Guards []Guard
	// OnRefused says what becomes of a plan against a part of which guards have something. By default nothing of it is done.
	OnRefused OnRefused
	// Approve is the [RefusedError.Token], or the [Plan.Token] of what is staged, by which a plan is applied although guards refuse it.
	Approve string
	// Fingerprint names the rules and the configuration that plans are made from. A saved plan
	// of another fingerprint is refused as stale.
	Fingerprint string
	// State keeps what must outlive a run. Default: it is kept in memory, as long as the Reconciler lives.
	State StateStore
	// Owner is this process's name in the lease, for a person who is refused. Default: host and process ID.
	Owner string
	// Links keeps the link table in State: which record of the sink was made from which of the source. It is
	// necessary for a sink that cannot keep an ExternalID, and for Policy.Owned "linked".
	Links bool
	// Concurrency is how many writes are under way at once. Default 8.
	Concurrency int
	// Attempts is how often one write is tried in one run while it fails with ErrUnavailable, or with an error of no class. A creation
	// whose answer was lost is tried again only where the sink can be asked whether it was made. Default 4.
	Attempts int
	// Wait is the pause before the second attempt; it doubles with each, with jitter. Default 500 ms.
	Wait time.Duration
	// Again has what keeps failing tried now, whatever its back-off: for a run by hand after something was mended. [Reconciler.Sync]
	// does so anyway.
	Again bool
	// MaxErrors stops a run after so many failed changes. Default: no fixed number; a run always stops when
	// at least 50 changes and 40 % of those tried have failed, those not counted that failed just so before and wait for somebody
	// to mend their data.
	MaxErrors int
	// FullEvery is how often at least everything is compared when the source is a DeltaSource.
	// Default 24 hours.
	FullEvery time.Duration
	// Observer is told what happens.
	Observer *Observer
	// Logger gets an account of each run, without personal data. Default: none.
	Logger *slog.Logger
}

// defaults fills in what is not set, and checks what is.
func (o *Options) defaults() error {
	if o.Job == "" {
		o.Job = "default"
	}
	if len(o.Kinds) == 0 {
		o.Kinds = nil
	}
	if o.State == nil {
		o.State = newMemoryState()
	}
	if o.Concurrency == 0 {
		o.Concurrency = 8
	}
	if o.Attempts == 0 {
		o.Attempts = 4
	}
	if o.Wait == 0 {
		o.Wait = 500 * time.Millisecond
	}
	if o.FullEvery == 0 {
		o.FullEvery = 24 * time.Hour
	}
	if o.Owner == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "unknown host"
		}
		o.Owner = fmt.Sprintf("%s, process %d", host, os.Getpid())
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o.check()
}

// limits reports whether changes of an attribute are counted.
func (o *Options) limits(name string) bool {
	_, run := o.Limits.Attributes[name]
	_, day := o.DayLimits.Attributes[name]
	return run || day
}

// check gives every mistake at once.
func (o *Options) check() error {
	var errs []error
	if err := checkKey(o.Job); err != nil {
		errs = append(errs, fmt.Errorf("Options.Job: %w", err))
	}
	if o.Concurrency < 0 || o.Attempts < 0 || o.Wait < 0 || o.MaxErrors < 0 || o.FullEvery < 0 {
		errs = append(errs, errors.New("Options: Concurrency, Attempts, Wait, MaxErrors and FullEvery must not be negative"))
	}
	seen := map[Kind]bool{}
	for _, k := range o.Kinds {
		if k == "" || seen[k] {
			errs = append(errs, fmt.Errorf("Options.Kinds: kind %q is empty or there twice", k))
		}
		seen[k] = true
	}
	if o.Policy.Owned == OwnedLinked && !o.Links {
		errs = append(errs, errors.New(`Options.Policy.Owned is "linked", which needs Options.Links`))
	}
	if o.OnRefused != RefuseAll && o.OnRefused != StageRisky {
		errs = append(errs, fmt.Errorf("Options.OnRefused is %q; want %q or nothing", o.OnRefused, StageRisky))
	}
	errs = append(errs, o.Policy.check(), o.Limits.check("Limits"), o.DayLimits.check("DayLimits"),
		o.Limits.checkAttributes(), o.DayLimits.checkDay())
	return errors.Join(errs...)
}
