package cli

import (
	"fmt"
	"io"
	"sync"
)

// An output remembers that a write failed, since commands print without looking at that: a report that a full disk cut off
// must not pass for one that was read.
type output struct {
	w   io.Writer
	mu  sync.Mutex
	bad error
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.w.Write(p)
	if err != nil && o.bad == nil {
		o.bad = err
	}
	return n, err
}

// err says that not all was printed; nil when it was.
func (o *output) err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.bad == nil {
		return nil
	}
	return fmt.Errorf("printing: %w; what was printed is not whole, what was done stays done", o.bad)
}

var _ io.Writer = (*output)(nil)
