// Package provisioning keeps the people and groups of one system in step with those of another.
//
// A [Source] gives records, a [Mapper] makes of each the record that a [Sink] shall have, and a
// [Reconciler] compares the two sides, makes a plan, judges it, and applies it:
//
//	Source ──Records──▶ Mapper ──▶ wanted ─┐
//	                                       ├─ Compare ─▶ Plan ─ guards ─▶ Apply ─▶ Report
//	Sink   ──Records (streamed) ───────────┘
//
// Six laws hold for every connector:
//
//  1. A record is known by its ID, never by its name. A rename is an update, and a mail address that
//     is used again is never the same person.
//  2. What a record does not mention is not ours: an absent attribute is left alone, an empty one is
//     cleared.
//  3. Nothing is removed because it was not seen. A read that ended early, a page that failed, a
//     record that could not be mapped: none of these removes anything.
//  4. Only what was provisioned or adopted is ever removed, and people are deactivated, not deleted.
//  5. Apply, then plan again, gives an empty plan. Killed at any moment and run again, it converges
//     to the same state without a duplicate.
//  6. One bad record never stops the others; one bad run never changes more than the guards allow.
//
// A [Plan] is data: it can be saved, read by a person, judged by [Limits] and guards, approved, and applied later,
// when what it was made from is still so. [Compare], which makes it, has no clock, network or log. A plan that guards refuse
// is not applied at all or, with [StageRisky], but for the part that they are against, which waits for approval.
//
// [Reconciler.Run] plans and applies. [Reconciler.Loop] does so on a schedule, [Reconciler.Sync] for one record, and
// [Reconciler.Explain] says what that would do. What must outlive a run is kept in a [StateStore]: files
// ([NewFileState]) or, in package sqlstate, a database. Two processes never run one job at once.
//
// Connectors implement [Source] and [Sink], and those of the small interfaces after them that they have an efficient way
// for. Packages sourcetest and sinktest check them, package memory is the example.
//
// # What planning takes
//
// On a machine of two cores (AMD EPYC, shared with others) a plan of a million people of 12 attributes and a manager who all
// are as they shall be takes 2.3 to 3.3 µs and 213 bytes of live heap a person, what makes the records not counted, and 2.3 to 4.5 with
// ten thousand, in 275 bytes. Where the sink gives them in an order that has nothing to do with the source's, it takes 3.0 to
// 5.3 µs, for then every look-up waits for memory. That is 6 to 9 % of what encoding/json takes to decode the two records on the same
// machine, and 9 to 14 %. BenchmarkPlanUnchanged measures it all.
//
// A plan is data, so what it changes it holds: a creation of such a person takes 2.4 kB, most of it maps, and a first run of a million
// 2.4 GB (BenchmarkPlanCreations). Where that is too much, let the [Mapper] bring people into scope in several runs.
package provisioning
