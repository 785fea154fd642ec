package expression

import (
	"fmt"
	"strings"
	"sync/atomic"
)

// An Env holds the values of one record for the programs of a [Scope]. It is for one goroutine.
type Env struct {
	scope *Scope
	slots []slot
	lets  []memo
	vars  []Value
	stack []Value
	bytes []byte // of texts that are being joined
}

// A slot holds the values of one attribute.
type slot struct {
	values []string
	filled bool
	folded string // the name as the record spells it, when expressions spell it otherwise
}

// A memo holds what a let gave.
type memo struct {
	value Value
	err   error
	done  bool
}

// Env gives an empty environment, to be given back with Release.
func (s *Scope) Env() *Env {
	e := s.pool.Get().(*Env)
	if len(e.slots) != len(s.names) {
		e.slots = make([]slot, len(s.names))
		if s.seen.Load() == nil {
			seen := make([]atomic.Bool, len(s.names))
			s.seen.CompareAndSwap(nil, &seen)
		}
	}
	if len(e.lets) != len(s.order) {
		e.lets = make([]memo, len(s.order))
	}
	return e
}

// Set gives an attribute its values, which it keeps until Release. Of names that differ in case only, the one counts that
// is spelled as in the expressions, else the first in the order of characters.
func (e *Env) Set(name string, values []string) {
	if found := e.scope.find(name); found.slot >= 0 {
		e.set(&found, values)
	}
}

func (e *Env) set(found *spelling, values []string) {
	s := &e.slots[found.slot]
	switch {
	case found.exact:
		s.values, s.filled = values, true
		if s.folded != "" {
			s.folded = ""
		}
	case !s.filled || s.folded > found.name:
		s.values, s.filled, s.folded = values, true, found.name
	}
}

// SetAll gives all attributes of a record their values.
func (e *Env) SetAll(attributes map[string][]string) {
	known := e.scope.spelled.Load()
	for name, values := range attributes {
		found := known.get(name)
		switch {
		case found == nil:
			e.Set(name, values)
		case found.slot >= 0:
			e.set(found, values)
		}
	}
}

// Wants reports whether an expression reads the attribute, and Set has not given it yet.
func (e *Env) Wants(name string) bool {
	i := e.scope.find(name).slot
	return i >= 0 && !e.slots[i].filled
}

// Value gives the value of an attribute or of what Let named; it is good until e is released.
func (e *Env) Value(name string) (Value, error) {
	if l := e.scope.lets[strings.ToLower(name)]; l != nil {
		return e.let(l)
	}
	if i := e.scope.find(name).slot; i >= 0 {
		return e.slots[i].value(), nil
	}
	return Value{}, nil
}

// let gives a named value, which is evaluated once for a record.
func (e *Env) let(l *let) (Value, error) {
	m := &e.lets[l.index]
	if !m.done {
		vars := e.vars
		e.vars = vars[len(vars):] // the variables of who reads it are not those of l
		v, err := l.prog.eval(e)
		e.vars = vars
		if err != nil {
			err = fmt.Errorf("%s: %w", l.name, err)
		}
		*m = memo{v, err, true}
	}
	return m.value, m.err
}

// Release gives the environment back to its scope. It must not be used any more.
func (e *Env) Release() {
	if seen := e.scope.seen.Load(); seen != nil {
		for i := range min(len(e.slots), len(*seen)) {
			if len(e.slots[i].values) > 0 && !(*seen)[i].Load() {
				(*seen)[i].Store(true)
			}
		}
	}
	clear(e.slots)
	clear(e.lets)
	clear(e.vars)
	clear(e.stack[:cap(e.stack)])
	e.vars, e.stack, e.bytes = e.vars[:0], e.stack[:0], e.bytes[:0]
	if cap(e.bytes) > 1<<16 {
		e.bytes = nil
	}
	e.scope.pool.Put(e)
}
