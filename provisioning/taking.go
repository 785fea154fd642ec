package provisioning

import "time"

// A taking takes records of a source some at a time, in their order, so that they are looked up together.
type taking struct {
	r     *Reconciler
	s     *Snapshot
	kind  Kind
	at    time.Time
	batch []*Record
	ahead ahead
}

// take takes what the sequence of a kind gives. The error is one that ends the read.
func (t *taking) take(src *Record, err error) error {
	if err == nil && src != nil {
		if t.batch = append(t.batch, src); len(t.batch) == aheadAtOnce {
			return t.flush()
		}
		return nil
	}
	if err := t.flush(); err != nil {
		return err
	}
	return t.r.take(t.s, t.kind, src, err, t.at)
}

// flush maps the records that were taken.
func (t *taking) flush() error {
	t.ahead.source(t.batch, t.s.refs)
	for _, src := range t.batch {
		if err := t.r.take(t.s, t.kind, src, nil, t.at); err != nil {
			return err
		}
	}
	clear(t.batch)
	t.batch = t.batch[:0]
	return nil
}
