package plektest

import (
	"context"
	"regexp"
	"strings"
	"sync"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

// rules is a store that keeps Plek's rules about users.
type rules struct {
	*memstore.Store
	options *Options
	users   *scim.ResourceType
	key     *scim.Attribute

	mu    sync.Mutex
	keys  map[string]string // of a mapping key to the id of its user
	mails map[string]string // of an address in lower case to the id of its user
}

func newRules(s *Server, store *memstore.Store) *rules {
	r := &rules{Store: store, options: &s.options, users: s.users, keys: map[string]string{}, mails: map[string]string{}}
	if r.key = s.users.Attribute(s.options.KeyAttribute); r.key == nil {
		panic("plektest: KeyAttribute " + s.options.KeyAttribute + " is no attribute of users")
	}
	return r
}

// Create keeps a new user that follows the rules, or a group.
func (s *rules) Create(ctx context.Context, t *scim.ResourceType, r *scim.Resource) (*scim.Resource, error) {
	return s.create(ctx, t, r, false)
}

func (s *rules) create(ctx context.Context, t *scim.ResourceType, r *scim.Resource, byHand bool) (*scim.Resource, error) {
	if t.Name() != s.users.Name() {
		return s.Store.Create(ctx, t, r)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key, mail := s.keyOf(r), mailOf(r)
	if key == "" && !byHand {
		return nil, scim.Errorf(scim.ErrInvalidValue, "a user needs a mapping key in %s", s.key.Path())
	}
	if err := s.check(r, "", key, mail); err != nil {
		return nil, err
	}
	made, err := s.Store.Create(ctx, t, r)
	if err == nil {
		s.enter(made.ID(), key, mail)
	}
	return made, err
}

// Replace keeps what a user is now, if that follows the rules.
func (s *rules) Replace(ctx context.Context, t *scim.ResourceType, r *scim.Resource, ifVersion string) (*scim.Resource, error) {
	if t.Name() != s.users.Name() {
		return s.Store.Replace(ctx, t, r, ifVersion)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.Get(ctx, t, r.ID(), nil)
	if err != nil {
		return nil, err
	}
	oldKey, oldMail := s.keyOf(old), mailOf(old)
	key, mail := s.keyOf(r), mailOf(r)
	if oldKey != "" && key != oldKey && !s.options.AllowKeyChange {
		return nil, scim.Errorf(scim.ErrMutability, "the mapping key of a user never changes")
	}
	if err := s.check(r, r.ID(), key, mail); err != nil {
		return nil, err
	}
	now, err := s.Store.Replace(ctx, t, r, ifVersion)
	if err == nil {
		s.leave(oldKey, oldMail)
		s.enter(now.ID(), key, mail)
	}
	return now, err
}

// Delete removes a resource for good.
func (s *rules) Delete(ctx context.Context, t *scim.ResourceType, id, ifVersion string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.Get(ctx, t, id, nil)
	if err != nil {
		return err
	}
	if err = s.Store.Delete(ctx, t, id, ifVersion); err == nil && t.Name() == s.users.Name() {
		s.leave(s.keyOf(old), mailOf(old))
	}
	return err
}

func (s *rules) enter(id, key, mail string) {
	if key != "" {
		s.keys[key] = id
	}
	s.mails[strings.ToLower(mail)] = id
}

func (s *rules) leave(key, mail string) {
	delete(s.keys, key)
	delete(s.mails, strings.ToLower(mail))
}

// keyOf gives the mapping key of a user.
func (s *rules) keyOf(r *scim.Resource) string {
	for _, v := range s.key.Values(r) {
		if key, ok := v.(string); ok {
			return key
		}
	}
	return ""
}

func mailOf(r *scim.Resource) string {
	for _, v := range r.GetValues("emails") {
		if o, ok := v.(*scim.Object); ok && o.GetString("value") != "" {
			return o.GetString("value")
		}
	}
	return ""
}

// check finds what breaks a rule in a user with an id, which is empty for a new one.
func (s *rules) check(r *scim.Resource, id, key, mail string) error {
	name := r.GetObject("name")
	switch {
	case mail == "":
		return scim.Errorf(scim.ErrInvalidValue, "a user needs an e-mail address")
	case id == "" && (name.GetString("givenName") == "" || name.GetString("familyName") == ""):
		return scim.Errorf(scim.ErrInvalidValue, "a new user needs a first name and a last name")
	case r.Get("photos") != nil:
		return scim.Errorf(scim.ErrInvalidValue, "profile pictures are not synchronised")
	}
	if owner, taken := s.keys[key]; taken && owner != id {
		return scim.Errorf(scim.ErrUniqueness, "another user has this mapping key")
	}
	if owner, taken := s.mails[strings.ToLower(mail)]; taken && owner != id {
		return scim.Errorf(scim.ErrUniqueness, "another user has this e-mail address")
	}
	for member, v := range r.All() {
		if member != "meta" && holdsDate(member, v) {
			return scim.Errorf(scim.ErrInvalidValue, "dates are not synchronised: %s", member)
		}
	}
	return nil
}

var (
	isDate    = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(T[0-9:.]+(Z|[+-]\d{2}:\d{2})?)?$`)
	namesDate = regexp.MustCompile(`(?i)(birth|geboorte)`)
)

func holdsDate(name string, v any) bool {
	switch v := v.(type) {
	case string:
		return v != "" && (namesDate.MatchString(name) || isDate.MatchString(v))
	case *scim.Object:
		for name, e := range v.All() {
			if holdsDate(name, e) {
				return true
			}
		}
	case []any:
		for _, e := range v {
			if holdsDate(name, e) {
				return true
			}
		}
	}
	return false
}

var (
	_ server.Store   = (*rules)(nil)
	_ server.Patcher = (*rules)(nil)
)
