package provisioning

import (
	"context"
	"errors"
	"fmt"
)

// A record of a part is known in the others by its key alone. One whose key is missing, is one of two, cannot be read or is another's
// too may be anybody. So what the other parts say of somebody whom that part seems not to have is not all there is, and a
// reference to it leads nowhere for sure.

// partKeys are the keys of a part's records, as far as it was read.
type partKeys struct {
	of    map[Ref]partKey
	first map[Ref]Ref // the record with a key, by that
	// blind are the kinds of which a record does not tell its key, nameless those of which one does not even tell its ID.
	blind, nameless map[Kind]bool
}

// A partKey is what a record is called in all parts; unsure says that it cannot be told.
type partKey struct {
	key    ID
	unsure bool
}

func newPartKeys() *partKeys {
	return &partKeys{of: map[Ref]partKey{}, first: map[Ref]Ref{}, blind: map[Kind]bool{}, nameless: map[Kind]bool{}}
}

// key gives what a record is called in all parts; "" says that it is no concern of the merge. The error says that this
// cannot be told.
func (p *Part) key(rec *Record) (ID, error) {
	if p.Key == "" {
		if rec.ID == "" {
			return "", errors.New("a record has no ID")
		}
		return rec.ID, nil
	}
	values := rec.Attributes[p.Key]
	switch {
	case len(values) == 1 && values[0] != "":
		return ID(values[0]), nil
	case p.Keyless && len(values) <= 1:
		return "", nil
	}
	return "", fmt.Errorf("%s has %d values of %s, which must name it", rec.ID, len(values), p.Key)
}

// put notes the key of a record. Two records of one key cannot be told apart by it.
func (k *partKeys) put(ref Ref, key ID) {
	k.of[ref] = partKey{key: key}
	if key == "" {
		return
	}
	by := Ref{Kind: ref.Kind, ID: key}
	if first, ok := k.first[by]; ok && first != ref {
		k.of[first], k.of[ref] = partKey{unsure: true}, partKey{unsure: true}
		return
	}
	k.first[by] = ref
}

// lose notes a record that does not tell its key.
func (k *partKeys) lose(ref Ref) {
	k.blind[ref.Kind] = true
	if ref.ID == "" {
		k.nameless[ref.Kind] = true
		return
	}
	k.of[ref] = partKey{unsure: true}
}

// get gives the key of a record that is referred to, "" when there is none, and whether that is sure.
func (k *partKeys) get(ref Ref) (ID, bool) {
	key, ok := k.of[ref]
	return key.key, !key.unsure && (ok || !k.nameless[ref.Kind])
}

// readKeys learns the keys of records of other kinds, which references lead to.
func (r *reading) readKeys(ctx context.Context, kinds map[Kind]bool) error {
	for i, p := range r.m.parts {
		for kind := range kinds {
			if p.Key == "" {
				break
			}
			for rec, err := range p.records(ctx, kind) {
				var re *RecordError
				switch {
				case errors.As(err, &re):
					r.keys[i].lose(Ref{Kind: kind, ID: re.Ref.ID})
					continue
				case lacksKind(err):
					continue
				case err != nil:
					return fmt.Errorf("read part %s: %w", p.Name, err)
				}
				if key, err := p.key(rec); err != nil {
					r.keys[i].lose(rec.Ref())
				} else {
					r.keys[i].put(rec.Ref(), key)
				}
			}
		}
	}
	return nil
}

// incomplete says which part may have a piece more of a record, one that does not tell whose it is; nil when none may.
func (r *reading) incomplete(kind Kind, pieces []*Record) error {
	for i, p := range pieces {
		if p == nil && r.keys[i].blind[kind] {
			return fmt.Errorf("part %s has a %s that does not tell who it is, and may be this one", r.m.parts[i].Name, kind)
		}
	}
	return nil
}
