package provisioning

import (
	"log/slog"
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
	// this one included. A limit that is zero in DayLimits is the one of Limits.
	Limits    Limits
	DayLimits Limits
	// Guards are further judges of a plan, after Limits.
	Guards []Guard
	// Approve is the Digest of a plan that is applied although guards refuse it.
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
	// Attempts is how often one write is tried in one run while it fails with ErrUnavailable. Default 4.
	Attempts int
	// Wait is the pause before the second attempt; it doubles with each, with jitter. Default 500 ms.
	Wait time.Duration
	// MaxErrors stops a run after so many failed changes. Default: no fixed number; a run always stops when
	// at least 50 changes and 40 % of those tried have failed.
	MaxErrors int
	// FullEvery is how often at least everything is compared when the source is a DeltaSource.
	// Default 24 hours.
	FullEvery time.Duration
	// Observer is told what happens.
	Observer *Observer
	// Logger gets an account of each run, without personal data. Default: none.
	Logger *slog.Logger
}
