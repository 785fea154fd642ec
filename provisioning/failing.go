package provisioning

import "time"

// fail notes a failure, and when the change is tried again.
func (m *Memory) fail(ref Ref, res *Result, at time.Time) {
	f, ok := m.Failing.Get(ref)
	digest := res.Change.digest()
	if !ok || f.Digest != digest {
		f = Failing{First: at, Op: res.Change.Op, Digest: digest}
	}
	f.Gone = res.Change.departs()
	f.Failures++
	f.Last, f.Class, f.Error = at, res.Class, res.Err.Error()
	f.Next = at.Add(backoff(f.Class, f.Failures))
	m.Failing.Set(ref, f)
}

// backoff gives the time until a change that failed is tried again: none at first, for what is wrong may have been
// mended at once, then minutes, hours, a day. What the sink may take later is given one chance more.
func backoff(class Class, failures int) time.Duration {
	steps := []time.Duration{0, 5 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour}
	if class != Mend {
		failures -= 2
	}
	return steps[max(0, min(failures-1, len(steps)-1))]
}
