package sinktest

import "testing"

func (f *Fixture) testReconcile(t *testing.T) {}

func (f *Fixture) testFaults(t *testing.T) {}
