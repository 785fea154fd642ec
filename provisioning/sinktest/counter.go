package sinktest

import "sync/atomic"

// A counter counts calls from several goroutines.
type counter struct{ n atomic.Int64 }

func (c *counter) next() int { return int(c.n.Add(1)) }
