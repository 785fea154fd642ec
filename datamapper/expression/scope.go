package expression

import (
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ilumy/usersync/datamapper/internal/nearest"
)

// Options say what expressions may use.
type Options struct {
	// Attributes are the names of the attributes that records may have; nil allows every name.
	// Names are compared without regard to case.
	Attributes []string
	// Parameters are the constants that %name% reads, and DefaultDomain its own, by name.
	Parameters map[string]string
	// Volatile allows Now, Guid, RandomString and RandomNum, which give another value each time.
	// Nil refuses them.
	Volatile *Volatile
}

// Volatile is where the values come from that are others each time.
type Volatile struct {
	Now    func() time.Time
	Random io.Reader
}

// A Scope is what a number of expressions have in common: the attributes that they read, and the values that
// they name. It is filled first, by Let and Compile, and then used, by Env; the first is not safe for
// concurrent use, the second is.
type Scope struct {
	options Options
	known   map[string]string // attributes that exist, by lower-case name; nil allows all
	slots   map[string]int    // attributes that are read, by lower-case name
	names   []string          // spelled as they were first
	lets    map[string]*let   // by lower-case name
	order   []*let
	table   map[string]*function
	spelled atomic.Pointer[spellings]
	seen    atomic.Pointer[[]atomic.Bool] // which slots a record had a value for
	pool    sync.Pool
}

// A let is a value with a name.
type let struct {
	name  string
	index int
	node  Node
	prog  *Program
	errs  Errors
	seen  bool
	used  bool
}

// NewScope gives an empty scope.
func NewScope(o *Options) *Scope {
	s := &Scope{slots: map[string]int{}, lets: map[string]*let{}, table: functions()}
	if o != nil {
		s.options = *o
	}
	if s.options.Attributes != nil {
		s.known = map[string]string{}
		for _, name := range s.options.Attributes {
			s.known[strings.ToLower(name)] = name
		}
	}
	s.spelled.Store(&spellings{})
	s.pool.New = func() any { return &Env{scope: s} }
	return s
}

// Let names a value, so that expressions read it as they read an attribute; it hides an attribute of the
// same name. All names are declared before CompileLets. A name that is there already is an error.
func (s *Scope) Let(name string, n Node) error {
	key := strings.ToLower(name)
	if was, ok := s.lets[key]; ok {
		return fmt.Errorf("%s is there already as %s", name, was.name)
	}
	l := &let{name: name, index: len(s.order), node: n}
	s.lets[key], s.order = l, append(s.order, l)
	return nil
}

// CompileLets checks and compiles the values that Let named. Its error is [Errors], the mistakes of all.
func (s *Scope) CompileLets() error {
	errs := s.cycles()
	for _, l := range s.order {
		errs = append(errs, s.compileLet(l)...)
		l.errs = nil
	}
	if errs != nil {
		return errs
	}
	return nil
}

// Lets gives the named values in their order. They must have been compiled without mistakes.
func (s *Scope) Lets() iter.Seq2[string, *Program] {
	return func(yield func(string, *Program) bool) {
		for _, l := range s.order {
			if !yield(l.name, l.prog) {
				return
			}
		}
	}
}

// LetWarnings are those of the named values, and that a name is not used by anything that was compiled.
func (s *Scope) LetWarnings() Errors {
	var all Errors
	for _, l := range s.order {
		all = append(all, l.prog.warnings...)
		if !l.used {
			all = append(all, &Error{Offset: l.node.Offset(), Node: l.node, Message: l.name + " is not used"})
		}
	}
	return all
}

// compileLet compiles l, once, and gives its mistakes.
func (s *Scope) compileLet(l *let) Errors {
	if l.seen {
		return l.errs
	}
	l.seen = true
	c := &compiler{scope: s, outer: l.node, reads: reads(l.node)}
	l.prog = &Program{slot: -1}
	l.prog.eval = c.node(l.node).eval
	l.prog.reads, l.prog.redacted, l.prog.warnings, l.errs = c.reads, c.redacted, c.warnings.sorted(), c.errs
	return l.errs
}

// cycles gives a mistake for each way that leads from a named value back to itself.
func (s *Scope) cycles() (errs Errors) {
	const entered, left = 1, 2
	state := map[*let]int{}
	var path []*let
	var visit func(*let)
	visit = func(l *let) {
		state[l] = entered
		path = append(path, l)
		for _, name := range reads(l.node) {
			next := s.lets[strings.ToLower(name)]
			switch {
			case next == nil || state[next] == left:
			case state[next] == entered:
				names := ""
				for _, l := range path[slices.Index(path, next):] {
					names += l.name + " -> "
				}
				err := mistake(next.node.Offset(), "%s needs itself: %s%[1]s", next.name, names)
				err.Node = next.node
				errs = append(errs, err)
			default:
				visit(next)
			}
		}
		path = path[:len(path)-1]
		state[l] = left
	}
	for _, l := range s.order {
		if state[l] == 0 {
			visit(l)
		}
	}
	return errs
}

// Attributes gives, sorted, the attributes that the compiled expressions read.
func (s *Scope) Attributes() []string {
	return slices.Sorted(slices.Values(s.names))
}

// Unseen gives, sorted, the attributes that are read and that no record had a value for, of those whose [Env] was
// released.
func (s *Scope) Unseen() []string {
	seen := s.seen.Load()
	var names []string
	for i, name := range s.names {
		if seen == nil || i >= len(*seen) || !(*seen)[i].Load() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// ForgetSeen makes Unseen begin anew.
func (s *Scope) ForgetSeen() {
	seen := make([]atomic.Bool, len(s.names))
	s.seen.Store(&seen)
}

// Reads reports whether a compiled expression reads the attribute.
func (s *Scope) Reads(attribute string) bool {
	_, ok := s.slots[strings.ToLower(attribute)]
	return ok
}

// slot gives the place of an attribute, and makes one when there is none.
func (s *Scope) slot(name string) int {
	key := strings.ToLower(name)
	i, ok := s.slots[key]
	if !ok {
		i = len(s.names)
		s.slots[key], s.names = i, append(s.names, name)
	}
	return i
}

// unknown says what is wrong with the name of an attribute, or "".
func (s *Scope) unknown(name string) string {
	if s.known == nil {
		return ""
	}
	if _, ok := s.known[strings.ToLower(name)]; ok {
		return ""
	}
	candidates := slices.Sorted(maps.Values(s.known))
	for _, l := range s.order {
		candidates = append(candidates, l.name)
	}
	return fmt.Sprintf("the source has no attribute %q%s", name, nearest.Hint(name, candidates))
}
