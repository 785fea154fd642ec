//go:build soak

package main

import (
	"testing"
	"time"
)

// TestSoak has 50 clients at a server on PostgreSQL for a minute.
func TestSoak(t *testing.T) { load(t, databases["PostgreSQL"](t), 50, time.Minute) }
