package sqlstore

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

// A Store keeps the resources of one tenant.
type Store struct {
	db     *DB
	tenant string
}

// Tenant gives the Store of a tenant; "" is that of a service without tenants. A tenant needs no other preparation.
func (d *DB) Tenant(tenant string) *Store { return &Store{d, tenant} }

// Stores is a [server.Stores] with a Store for whatever tenant a caller belongs to.
func (d *DB) Stores(_ context.Context, tenant string) (server.Store, error) {
	return d.Tenant(tenant), nil
}

// space gives the number of what the tenant has of a type, and makes it when it is new.
func (s *Store) space(ctx context.Context, t *scim.ResourceType) (int64, error) {
	key := spaceKey{s.tenant, t.Name()}
	s.db.mu.Lock()
	n, ok := s.db.spaces[key]
	s.db.mu.Unlock()
	if ok {
		return n, nil
	}
	const find = "SELECT space FROM scim_spaces WHERE tenant = ? AND type = ?"
	err := s.db.db.QueryRowContext(ctx, s.db.bind(find), key.tenant, key.typ).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		if _, err := s.db.exec(ctx, s.db.db, "INSERT INTO scim_spaces (tenant, type) VALUES (?, ?) ON CONFLICT DO NOTHING", key.tenant, key.typ); err != nil {
			return 0, err
		}
		err = s.db.db.QueryRowContext(ctx, s.db.bind(find), key.tenant, key.typ).Scan(&n)
	}
	if err != nil {
		return 0, err
	}
	s.db.mu.Lock()
	s.db.spaces[key] = n
	s.db.mu.Unlock()
	return n, nil
}

// A row is a resource as it lies in scim_resources.
type row struct {
	rid, version int64
	id           string
	created      string
	modified     string
	body         string
	sort         sql.NullString
}

const columns = "r.rid, r.id, r.version, r.created, r.modified, r.body"

func (r *row) scan(rows interface{ Scan(...any) error }) error {
	return rows.Scan(&r.rid, &r.id, &r.version, &r.created, &r.modified, &r.body)
}

// unlimited reads what was checked when it was written.
var unlimited = &scim.Options{Limits: scim.Limits{Body: 1 << 30, Values: 1 << 30, Depth: 1 << 10}}

// resource makes the resource of a row, without members and groups.
func (r *row) resource(t *scim.ResourceType) (*scim.Resource, error) {
	o, err := scim.DecodeObject([]byte(r.body), unlimited)
	if err != nil {
		return nil, fmt.Errorf("read the stored %s %s: %w", t.Name(), r.id, err)
	}
	res := &scim.Resource{Object: *o}
	res.SetID(r.id)
	created, _ := time.Parse(timeFormat, r.created)
	modified, _ := time.Parse(timeFormat, r.modified)
	res.SetMeta(scim.Meta{ResourceType: t.Name(), Created: created, LastModified: modified, Version: tag(r.version)})
	return res, nil
}

// timeFormat has a fixed width, so that times are in order as text.
const timeFormat = "2006-01-02T15:04:05.000000000Z"

// now is the time to the millisecond, which is what a client is shown.
func now() string { return time.Now().UTC().Truncate(time.Millisecond).Format(timeFormat) }

func tag(version int64) string { return `W/"` + strconv.FormatInt(version, 10) + `"` }

// parseTag gives the number of a version; one that is none of ours is -1, which nothing has.
func parseTag(s string) int64 {
	n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimPrefix(s, `W/"`), `"`), 10, 64)
	if err != nil || tag(n) != s {
		return -1
	}
	return n
}

// storable reports whether an id can be one of ours; a database may refuse to look for others.
func storable(id string) bool {
	return len(id) <= 255 && utf8.ValidString(id) && !strings.ContainsRune(id, 0)
}

func notFound(t *scim.ResourceType) error {
	return scim.Errorf(scim.ErrNotFound, "there is no %s with this id", t.Name())
}

// Get gives one resource.
func (s *Store) Get(ctx context.Context, t *scim.ResourceType, id string, p *scim.Projection) (*scim.Resource, error) {
	space, err := s.space(ctx, t)
	if err != nil {
		return nil, s.fail("get", t, id, err)
	}
	if !storable(id) {
		return nil, notFound(t)
	}
	var r row
	err = r.scan(s.db.db.QueryRowContext(ctx, s.db.bind("SELECT "+columns+" FROM scim_resources r WHERE r.space = ? AND r.id = ?"), space, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound(t)
	}
	if err != nil {
		return nil, s.fail("get", t, id, err)
	}
	list, err := s.complete(ctx, s.db.db, t, []row{r}, p)
	if err != nil {
		return nil, s.fail("get", t, id, err)
	}
	return list[0], nil
}

// fail says what was being done. Errors that are for the client stay as they are.
func (s *Store) fail(what string, t *scim.ResourceType, id string, err error) error {
	var e *scim.Error
	if errors.As(err, &e) {
		return err
	}
	if id != "" {
		id = " " + id
	}
	return fmt.Errorf("sqlstore: %s %s%s: %w", what, t.Name(), id, err)
}

// Create keeps a new resource under a new id.
func (s *Store) Create(ctx context.Context, t *scim.ResourceType, r *scim.Resource) (*scim.Resource, error) {
	space, err := s.space(ctx, t)
	if err != nil {
		return nil, s.fail("create", t, "", err)
	}
	at := now()
	stored := row{id: newUUID(), version: 1, created: at, modified: at}
	parts, err := split(t, r)
	if err != nil {
		return nil, s.fail("create", t, "", err)
	}
	stored.body = parts.body
	var created *scim.Resource
	err = s.db.write(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, s.db.bind("INSERT INTO scim_resources (space, id, version, created, modified, display, body) VALUES "+list(7)+" RETURNING rid"),
			space, stored.id, stored.version, at, at, parts.display, parts.body).Scan(&stored.rid)
		if err != nil {
			return err
		}
		if err := s.insert(ctx, tx, space, stored.rid, t, parts); err != nil {
			return err
		}
		if len(parts.members) > 0 {
			created, err = s.one(ctx, tx, t, stored)
		} else { // nobody is in a group before there is an id
			created, err = stored.resource(t)
		}
		return err
	})
	if err != nil {
		return nil, s.fail("create", t, "", err)
	}
	return created, nil
}

// one gives the resource of a row as a transaction sees it.
func (s *Store) one(ctx context.Context, q querier, t *scim.ResourceType, r row) (*scim.Resource, error) {
	list, err := s.complete(ctx, q, t, []row{r}, nil)
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// Replace keeps r in place of the resource with its id.
func (s *Store) Replace(ctx context.Context, t *scim.ResourceType, r *scim.Resource, ifVersion string) (*scim.Resource, error) {
	space, err := s.space(ctx, t)
	if err != nil {
		return nil, s.fail("replace", t, r.ID(), err)
	}
	id := r.ID()
	parts, err := split(t, r)
	if err != nil {
		return nil, s.fail("replace", t, id, err)
	}
	var replaced *scim.Resource
	err = s.db.write(ctx, func(tx *sql.Tx) error {
		stored, err := s.lock(ctx, tx, space, t, id, ifVersion)
		if err != nil {
			return err
		}
		stored.modified = now()
		if err := s.update(ctx, tx, space, stored, t, parts, true); err != nil {
			return err
		}
		replaced, err = s.one(ctx, tx, t, *stored)
		return err
	})
	if err != nil {
		return nil, s.fail("replace", t, id, err)
	}
	return replaced, nil
}

// lock gives a resource its next version, and by that keeps it for the transaction. It does so before anything
// is read, so that two transactions never both hope to write what they have read.
func (s *Store) lock(ctx context.Context, tx *sql.Tx, space int64, t *scim.ResourceType, id, ifVersion string) (*row, error) {
	if !storable(id) {
		return nil, notFound(t)
	}
	var r row
	err := r.scan(tx.QueryRowContext(ctx, s.db.bind("UPDATE scim_resources SET version = version + 1 WHERE space = ? AND id = ? RETURNING rid, id, version, created, modified, body"), space, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound(t)
	}
	if err != nil {
		return nil, err
	}
	if ifVersion != "" && parseTag(ifVersion) != r.version-1 {
		return nil, scim.Errorf(scim.ErrVersion, "the resource has version %s now", tag(r.version-1))
	}
	return &r, nil
}

// Delete removes a resource, from its groups too.
func (s *Store) Delete(ctx context.Context, t *scim.ResourceType, id, ifVersion string) error {
	space, err := s.space(ctx, t)
	if err != nil {
		return s.fail("delete", t, id, err)
	}
	err = s.db.write(ctx, func(tx *sql.Tx) error {
		r, err := s.lock(ctx, tx, space, t, id, ifVersion)
		if err != nil {
			return err
		}
		if err := s.leaveGroups(ctx, tx, id); err != nil {
			return err
		}
		for _, table := range []string{"scim_values", "scim_unique", "scim_members", "scim_resources"} {
			if _, err := s.db.exec(ctx, tx, "DELETE FROM "+table+" WHERE rid = ?", r.rid); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return s.fail("delete", t, id, err)
	}
	return nil
}

// newUUID gives a random UUID (RFC 9562 section 5.4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// hashKey makes of a key what fits an index.
func hashKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

var _ server.Patcher = (*Store)(nil)
