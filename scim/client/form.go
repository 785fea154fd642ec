package client

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/ilumy/usersync/provisioning"
)

// maxForms bounds how many sets of names are remembered. A mapping makes one or a few.
const maxForms = 256

// forms are the sets of names that records of a kind have, in the order in which they are to be set.
type forms struct {
	mu    sync.RWMutex
	known map[string]*form
	last  atomic.Pointer[form] // of the record before, which most have too
}

// A form is one set of names.
type form struct {
	written []string
	names   []formName // in the order in which they are to be set
}

// fits reports whether a record has these names and no others.
func (f *form) fits(attrs provisioning.Attributes) bool {
	if len(f.written) != len(attrs) {
		return false
	}
	for _, name := range f.written {
		if _, ok := attrs[name]; !ok {
			return false
		}
	}
	return true
}

// formName is a name as a record has it.
type formName struct {
	name
	written string
}

// form gives the names of a record's attributes in the order in which they are to be set, which is worked out once for all
// records with the same ones.
func (k *kind) form(attrs provisioning.Attributes) ([]formName, error) {
	if f := k.forms.last.Load(); f != nil && f.fits(attrs) {
		return f.names, nil
	}
	sorted := make([]string, 0, 32)
	for written := range attrs {
		sorted = append(sorted, written)
	}
	slices.Sort(sorted)
	key := make([]byte, 0, 512)
	for _, written := range sorted {
		key = append(append(key, written...), 0)
	}
	k.forms.mu.RLock()
	f := k.forms.known[string(key)]
	k.forms.mu.RUnlock()
	if f == nil {
		names, err := k.newForm(sorted, attrs)
		if err != nil {
			return nil, err
		}
		f = &form{written: sorted, names: names}
		k.forms.keep(string(key), f)
	}
	k.forms.last.Store(f)
	return f.names, nil
}

func (f *forms) keep(key string, one *form) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known == nil {
		f.known = map[string]*form{}
	}
	if len(f.known) < maxForms {
		f.known[key] = one
	}
}

func (k *kind) newForm(sorted []string, attrs provisioning.Attributes) ([]formName, error) {
	names := make([]name, 0, len(sorted))
	spelled := make(map[string]string, len(sorted))
	for _, written := range sorted {
		if k.active && isOneOf(written, "active") {
			continue
		}
		n, err := k.name(written)
		if err != nil {
			return nil, err
		}
		if _, twice := spelled[n.path]; !twice {
			names = append(names, n)
		}
		spelled[n.path] = written
	}
	f := make([]formName, len(names))
	for i, n := range k.order(names, attrs) {
		f[i] = formName{n, spelled[n.path]}
	}
	return f, nil
}
