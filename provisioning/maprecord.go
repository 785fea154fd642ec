package provisioning

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// mapRecord gives what the sink shall have of a record of the source.
func (r *Reconciler) mapRecord(kind Kind, src *Record) (w *Record, err error) {
	defer func() {
		if v := recover(); v != nil {
			w, err = nil, fmt.Errorf("map it: %w", panicked(v))
		}
	}()
	id := src.ID
	w, err = r.mapper.Map(src)
	if err != nil {
		if errors.Is(err, SkipRecord) {
			return nil, err
		}
		return nil, fmt.Errorf("map it: %w", err)
	}
	if w == nil {
		return nil, errors.New("map it: the mapper gave neither a record nor an error")
	}
	if w.Kind == "" {
		w.Kind = kind
	}
	if w.Kind != kind {
		return nil, fmt.Errorf("map it: the mapper made a %s of a %s; a record keeps its kind", w.Kind, kind)
	}
	if w.ExternalID == "" {
		w.ExternalID = id
	}
	if c, ok := r.sink.(Canonicalizer); ok {
		w, err = c.Canonical(w)
		if err != nil {
			return nil, fmt.Errorf("the sink will not take it: %w", err)
		}
	}
	w.ID = id
	w.bound()
	return w, nil
}

// bound takes away bounds that no RFC 3339 time can tell, so that they can be saved: many an HR system has people until 9999-12-31,
// which is over in the year 10000. Until then is for ever, and from then on is never.
func (r *Record) bound() {
	if r.ValidUntil.IsZero() && r.ValidFrom.IsZero() {
		return // as nearly all
	}
	const first, last = 0, 9999
	if y := r.ValidUntil.UTC().Year(); y < first || y > last {
		r.Disabled = r.Disabled || y < first
		r.ValidUntil = time.Time{}
	}
	if y := r.ValidFrom.UTC().Year(); y < first || y > last {
		r.Disabled = r.Disabled || y > last
		r.ValidFrom = time.Time{}
	}
}

// panicked says where the mapper panicked, or the sink's Canonical, so that one record which it was not made for is held and the
// others go on. What it panicked with is told only when it is the runtime's word, which has no data of people.
func panicked(v any) error {
	what := fmt.Sprintf("%T", v)
	if err, ok := v.(runtime.Error); ok {
		what = err.Error()
	}
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for raised := false; ; {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			raised = true
		case raised && !strings.HasPrefix(f.Function, "runtime."):
			return fmt.Errorf("panic at %s:%d in %s: %s", filepath.Base(f.File), f.Line, f.Function, what)
		}
		if !more {
			return fmt.Errorf("panic: %s", what)
		}
	}
}
