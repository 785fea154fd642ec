package provisioning

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// jobState is what a job keeps in its StateStore, as it was loaded and as it is now.
type jobState struct {
	memory  Memory
	history History
	links   *Links
	stored  map[string][]byte
}

// ErrState says that a document in the StateStore cannot be read. It is never taken for an empty one.
var ErrState = errors.New("state cannot be read")

func (r *Reconciler) key(name string) string { return r.opts.Job + "/" + name }

// load reads the job's documents.
func (r *Reconciler) load(ctx context.Context) (*jobState, error) {
	st := &jobState{stored: map[string][]byte{}, links: NewLinks()}
	for _, doc := range st.documents(r.opts.Links) {
		key := r.key(doc.name)
		b, err := r.opts.State.Load(ctx, key)
		if err != nil {
			return nil, fmt.Errorf("load %s: %w", key, err)
		}
		st.stored[doc.name] = b
		if b == nil {
			continue
		}
		if err := json.Unmarshal(b, doc.value); err != nil {
			return nil, fmt.Errorf("load %s: %w: %w; restore it from a backup, or remove it to begin anew", key, ErrState, err)
		}
	}
	return st, nil
}

// A document is one value of the StateStore.
type document struct {
	name  string
	value any
}

// documents are in the order in which they are saved. A process may end between two of them, so what says that something is
// done comes before what no longer says that it is to be done: the links before the creations that need no looking for, and
// what the limits of a day count before the cursor, from which on nobody looks back.
func (st *jobState) documents(links bool) []document {
	docs := []document{{"history", &st.history}, {"memory", &st.memory}}
	if links {
		docs = append([]document{{"links", st.links}}, docs...)
	}
	return docs
}

// save writes the documents that changed, while the lease lasts. One that another process changed since it was loaded is not
// replaced: whoever did has taken over. But who took over may only have read them so far, and would find them changed.
func (r *Reconciler) save(ctx context.Context, st *jobState) error {
	if err := r.mayWrite(); err != nil {
		return fmt.Errorf("save %s: %w", r.key("memory"), err)
	}
	for _, doc := range st.documents(r.opts.Links) {
		name := doc.name
		b, err := json.Marshal(doc.value)
		if err != nil {
			return fmt.Errorf("save %s: %w", r.key(name), err)
		}
		if bytes.Equal(b, st.stored[name]) {
			continue
		}
		if s, ok := r.opts.State.(Swapper); ok {
			done, err := s.Swap(ctx, r.key(name), st.stored[name], b)
			if err != nil || !done {
				// It may have been done, and only the answer been lost.
				if now, unread := s.Load(ctx, r.key(name)); unread == nil && bytes.Equal(now, b) {
					done, err = true, nil
				}
			}
			if err != nil {
				return fmt.Errorf("save %s: %w", r.key(name), err)
			}
			if !done {
				return fmt.Errorf("save %s: %w: it was changed by another process", r.key(name), ErrLeaseLost)
			}
		} else if err := r.opts.State.Save(ctx, r.key(name), b); err != nil {
			return fmt.Errorf("save %s: %w", r.key(name), err)
		}
		st.stored[name] = b
	}
	return nil
}
