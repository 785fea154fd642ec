package plekclient

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim/client"
)

// A Sink is a Plek environment as a [provisioning.Sink]. Attributes are named as in package client;
// only the plain ones are taken.
type Sink struct {
	client  *Client
	options *Options
	dir     *client.Directory
}

// Sink gives the environment as a sink.
func (c *Client) Sink() *Sink { return &Sink{client: c, options: &c.options, dir: c.directory} }

// Records gives the users or groups of the environment, deactivated ones too.
func (s *Sink) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return s.keyed(s.dir.Records(ctx, kind))
}

// Find gives the records that a lookup names.
func (s *Sink) Find(ctx context.Context, l provisioning.Lookup) iter.Seq2[*provisioning.Record, error] {
	if l.By != provisioning.ByExternalID || l.Kind != provisioning.User || s.options.KeyAttribute == DefaultKeyAttribute {
		return s.keyed(s.dir.Find(ctx, l))
	}
	byKey := l
	byKey.By = s.client.key
	return func(yield func(*provisioning.Record, error) bool) {
		for r, err := range s.keyed(s.dir.Find(ctx, byKey)) {
			// SCIM compares the attribute without regard to case, but a key is a key.
			if (err != nil || slices.Contains(l.Values, string(r.ExternalID))) && !yield(r, err) {
				return
			}
		}
	}
}

// keyed takes the ExternalID from the attribute that carries the mapping key.
func (s *Sink) keyed(seq iter.Seq2[*provisioning.Record, error]) iter.Seq2[*provisioning.Record, error] {
	if s.options.KeyAttribute == DefaultKeyAttribute {
		return seq
	}
	return func(yield func(*provisioning.Record, error) bool) {
		for r, err := range seq {
			if r != nil && r.Kind == provisioning.User {
				r.ExternalID = provisioning.ID(r.Attributes.Get(s.client.key))
			}
			if one := (*provisioning.RecordError)(nil); errors.As(err, &one) && one.Ref.Kind == provisioning.User {
				one.Record = nil // Which mapping key it has cannot be read either.
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// Canonical gives r as it would come back, and refuses what Plek does not take. A user without
// e-mail address or name is refused too, unless disabled: a leaver is to be deactivated in any case.
func (s *Sink) Canonical(r *provisioning.Record) (*provisioning.Record, error) {
	if r.Kind != provisioning.User {
		return s.dir.Canonical(r)
	}
	if err := s.options.checkUser(r); err != nil {
		return nil, err
	}
	in := s.withKey(r)
	c, err := s.dir.Canonical(in)
	if err != nil {
		return nil, err
	}
	if err := s.options.checkRole(c); err != nil {
		return nil, err
	}
	if !c.Disabled {
		if err := checkNew(c); err != nil {
			return nil, err
		}
	} else {
		for _, name := range []string{"emails", "name.givenName", "name.familyName"} {
			if v, ok := c.Attributes[name]; ok && len(v) == 0 {
				// Plek cannot be without it; what the leaver had stays.
				delete(c.Attributes, name)
			}
		}
	}
	if len(c.Attributes["emails"]) > 1 {
		return nil, rule("emails", "a user has one e-mail address, and %d are given; let the mapping choose", len(c.Attributes["emails"]))
	}
	return c, nil
}

// withKey gives r with the mapping key in the attribute that carries it.
func (s *Sink) withKey(r *provisioning.Record) *provisioning.Record {
	if s.options.KeyAttribute == DefaultKeyAttribute || r == nil || r.Kind != provisioning.User || r.ExternalID == "" {
		return r
	}
	c := *r
	c.Attributes = make(provisioning.Attributes, len(r.Attributes)+1)
	maps.Copy(c.Attributes, r.Attributes)
	c.Attributes[s.client.key] = []string{string(r.ExternalID)}
	return &c
}

// withoutKey gives r without the attribute that carries the mapping key, which is not for the mapping to set.
func (s *Sink) withoutKey(r *provisioning.Record) *provisioning.Record {
	if _, ok := r.Attributes[s.client.key]; !ok {
		return r
	}
	c := *r
	c.Attributes = maps.Clone(r.Attributes)
	delete(c.Attributes, s.client.key)
	return &c
}

// unkeyed gives r without the externalId of SCIM, where another attribute carries the key.
func (s *Sink) unkeyed(r *provisioning.Record) *provisioning.Record {
	if s.options.KeyAttribute == DefaultKeyAttribute || r == nil || r.Kind != provisioning.User {
		return r
	}
	c := *r
	c.ExternalID = ""
	return &c
}

// Create makes a user or a group. A user with the key or the address of another is refused with
// [provisioning.ErrExists].
func (s *Sink) Create(ctx context.Context, r *provisioning.Record) (provisioning.ID, error) {
	if r.Kind == provisioning.User {
		err := s.options.checkUser(r)
		if err == nil {
			err = checkNew(r)
		}
		if err == nil && r.ExternalID == "" {
			err = fmt.Errorf("the record has no ExternalID: a user needs a mapping key that never changes: %w", ErrRule)
		}
		if err != nil {
			return "", fmt.Errorf("create %s for %s: %w", r.Kind, r.ExternalID, err)
		}
	}
	return s.dir.Create(ctx, s.unkeyed(s.withKey(r)))
}

// Update changes what differs. A deactivation changes nothing but the state: memberships stay, and
// are the user's again after a reactivation.
func (s *Sink) Update(ctx context.Context, c *provisioning.Change) error {
	if c.Kind == provisioning.User && c.After != nil {
		if err := s.checkChange(c); err != nil {
			return fmt.Errorf("update %s/%s: %w", c.Kind, c.Target, err)
		}
		if s.options.KeyAttribute != DefaultKeyAttribute {
			d := *c
			d.After = s.withoutKey(c.After)
			if c.Before == nil || c.Before.ExternalID != c.After.ExternalID {
				d.After = s.withKey(d.After)
			}
			d.Before, d.After = s.unkeyed(c.Before), s.unkeyed(d.After)
			c = &d
		}
	}
	return s.dir.Update(ctx, c)
}

func (s *Sink) checkChange(c *provisioning.Change) error {
	after := c.After
	if before := c.Before; before != nil && before.ExternalID != "" && after.ExternalID != "" && before.ExternalID != after.ExternalID && !s.options.AllowKeyChange {
		return fmt.Errorf("the user has another mapping key, and a mapping key never changes; create the person anew, or allow the change of keys to repair a wrong one: %w", ErrRule)
	}
	for _, name := range []string{"emails", "name.givenName", "name.familyName"} {
		if v, ok := after.Attributes[name]; ok && len(v) == 0 {
			return rule(name, "a user cannot be without it")
		}
	}
	return s.options.checkUser(after)
}

// Delete removes a record for good, if the options allow it.
func (s *Sink) Delete(ctx context.Context, ref provisioning.Ref) error {
	if !s.options.AllowDelete {
		return fmt.Errorf("delete %s: Plek documents no removal but deactivation; set AllowDelete once Plek has confirmed what a removal does: %w: %w", ref, ErrRule, errors.ErrUnsupported)
	}
	return s.dir.Delete(ctx, ref)
}

// EditRefs adds and removes members of a group, or sets the manager of a user.
func (s *Sink) EditRefs(ctx context.Context, ref provisioning.Ref, name string, add, remove []provisioning.Ref) error {
	return s.dir.EditRefs(ctx, ref, name, add, remove)
}

// Ping proves that the environment can be reached and lets us in.
func (s *Sink) Ping(ctx context.Context) error { return s.client.Ping(ctx) }

var (
	_ provisioning.Sink          = (*Sink)(nil)
	_ provisioning.RefEditor     = (*Sink)(nil)
	_ provisioning.Finder        = (*Sink)(nil)
	_ provisioning.Canonicalizer = (*Sink)(nil)
	_ provisioning.Pinger        = (*Sink)(nil)
)
