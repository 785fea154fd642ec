package client

import (
	"slices"
	"sync"

	"github.com/ilumy/usersync/provisioning"
)

// maxForms bounds how many sets of names are remembered. A mapping makes one or a few.
const maxForms = 256

// forms are the sets of names that records of a kind have, in the order in which they are to be set.
type forms struct {
	mu    sync.RWMutex
	known map[string][]formName
}

// formName is a name as a record has it.
type formName struct {
	name
	written string
}

// form gives the names of a record's attributes in the order in which they are to be set, which is worked out once for all
// records with the same ones.
func (k *kind) form(attrs provisioning.Attributes) ([]formName, error) {
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
	f, ok := k.forms.known[string(key)]
	k.forms.mu.RUnlock()
	if ok {
		return f, nil
	}
	f, err := k.newForm(sorted, attrs)
	if err != nil {
		return nil, err
	}
	k.forms.mu.Lock()
	defer k.forms.mu.Unlock()
	if k.forms.known == nil {
		k.forms.known = map[string][]formName{}
	}
	if len(k.forms.known) < maxForms {
		k.forms.known[string(key)] = f
	}
	return f, nil
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
