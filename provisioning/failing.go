package provisioning

import (
	"fmt"
	"time"
)

// fail notes a failure, and when the change is tried again. A record that is disabled, too, has two changes. When both fail in one
// run, that is one failure, and they are tried again together: second says that the other one has failed already.
func (m *Memory) fail(ref Ref, res *Result, at time.Time, second bool) {
	f, _ := m.Failing.Get(ref)
	c := res.Change
	digest := c.digest()
	if second {
		if digest != f.Digest {
			f.Also = digest
		}
		f.Gone = f.Gone || c.departs()
		f.Error = fmt.Sprintf("%s; %s: %v", f.Error, c.Op, res.Err)
		m.Failing.Set(ref, f)
		return
	}
	if !f.of(digest) {
		f = Failing{First: at, Op: c.Op, Digest: digest}
	}
	f.Gone = c.departs()
	f.Failures++
	f.Last, f.Class, f.Error = at, res.Class, res.Err.Error()
	f.Next = at.Add(backoff(f.Class, f.Failures))
	m.Failing.Set(ref, f)
}

// of reports whether a change with a digest is among those that failed.
func (f *Failing) of(digest string) bool { return digest == f.Digest || digest == f.Also }

// waits reports whether a change is not to be tried yet. One that failed later than now did so by a clock that has been put back.
func (f *Failing) waits(now time.Time) bool { return f.Next.After(now) && !f.Last.After(now) }

// backoff gives the time until a change that failed is tried again: none at first, for what is wrong may have been
// mended at once, then minutes, hours, a day. What the sink may take later is given one chance more.
func backoff(class Class, failures int) time.Duration {
	steps := []time.Duration{0, 5 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour}
	if class != Mend {
		failures -= 2
	}
	return steps[max(0, min(failures-1, len(steps)-1))]
}
