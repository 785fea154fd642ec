package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// migrations are the statements that bring the tables from one version to the next. They are only ever added to.
// {serial}, {text} and {bytes} are types of the dialect; {text} is compared by bytes.
//
//   - scim_spaces: what a tenant has of one resource type.
//   - scim_resources: one row a resource; body is its JSON, without id, meta, members and groups.
//   - scim_values: the values of all attributes, for filters and orders. Elem is the place of a value in its
//     multi-valued attribute, so that sub-attributes of one value can be told from those of another; preferred marks the value
//     that sorting looks at; sort is the value as it is compared.
//   - scim_unique: values that no two resources of a space may share.
//   - scim_members: the members of groups. Value is the id of the member, name the same as it is compared; body is the
//     JSON of a member that has more than a value.
//   - scim_tokens: the hashes of bearer tokens.
//   - scim_events: security events that wait for those they are for, in the order of seq.
var migrations = [][]string{{
	`CREATE TABLE scim_spaces (space {serial}, tenant {text} NOT NULL, type {text} NOT NULL, UNIQUE (tenant, type))`,
	`CREATE TABLE scim_resources (rid {serial}, space BIGINT NOT NULL, id {text} NOT NULL, version BIGINT NOT NULL, created {text} NOT NULL, modified {text} NOT NULL, display {text} NOT NULL, body {text} NOT NULL, UNIQUE (space, id))`,
	`CREATE INDEX scim_resources_order ON scim_resources (space, rid)`,
	`CREATE TABLE scim_values (rid BIGINT NOT NULL, space BIGINT NOT NULL, path {text} NOT NULL, elem INTEGER NOT NULL, preferred INTEGER NOT NULL, sort {text} NOT NULL)`,
	`CREATE INDEX scim_values_resource ON scim_values (rid, path, elem)`,
	`CREATE INDEX scim_values_sort ON scim_values (space, path, substr(sort, 1, 200), rid)`,
	`CREATE TABLE scim_unique (space BIGINT NOT NULL, path {text} NOT NULL, hash {text} NOT NULL, rid BIGINT NOT NULL, PRIMARY KEY (space, path, hash))`,
	`CREATE INDEX scim_unique_resource ON scim_unique (rid)`,
	`CREATE TABLE scim_members (mid {serial}, space BIGINT NOT NULL, rid BIGINT NOT NULL, value {text} NOT NULL, name {text} NOT NULL, body {text}, UNIQUE (rid, name))`,
	`CREATE INDEX scim_members_value ON scim_members (space, value)`,
	`CREATE TABLE scim_tokens (hash {text} PRIMARY KEY, name {text} NOT NULL, tenant {text} NOT NULL, userid {text} NOT NULL, readonly INTEGER NOT NULL, created {text} NOT NULL, expires {text} NOT NULL)`,
}, {
	`CREATE TABLE scim_events (seq {serial}, stream {text} NOT NULL, id {text} NOT NULL, claims {text} NOT NULL, UNIQUE (stream, id))`,
	`CREATE INDEX scim_events_order ON scim_events (stream, seq)`,
}}

// migrate brings the tables to the newest version, in one transaction that waits for others who do the same.
func (d *DB) migrate(ctx context.Context) error {
	types := strings.NewReplacer("{serial}", "INTEGER PRIMARY KEY AUTOINCREMENT", "{text}", "TEXT")
	if d.dialect == PostgreSQL {
		types = strings.NewReplacer("{serial}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "{text}", `TEXT COLLATE "C"`)
	}
	return d.write(ctx, func(tx *sql.Tx) error {
		if d.dialect == PostgreSQL {
			// Any number will do that nobody else takes; this one is "scim".
			if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(1935894893)"); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS scim_version (version INTEGER NOT NULL)"); err != nil {
			return err
		}
		var version int
		if err := tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM scim_version").Scan(&version); err != nil {
			return err
		}
		if version > len(migrations) {
			return fmt.Errorf("the tables are of version %d, and this program knows up to %d; use a newer one", version, len(migrations))
		}
		for i, statements := range migrations[version:] {
			for _, s := range statements {
				if _, err := tx.ExecContext(ctx, types.Replace(s)); err != nil {
					return fmt.Errorf("version %d: %w", version+i+1, err)
				}
			}
			if _, err := d.exec(ctx, tx, "INSERT INTO scim_version (version) VALUES (?)", version+i+1); err != nil {
				return err
			}
		}
		return nil
	})
}
