package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
)

// DirectoryOptions say what a [Directory] manages. Nil and the zero value are users and groups with the
// schemas of RFC 7643.
type DirectoryOptions struct {
	// Types are the resource types by kind, where they are not those of RFC 7643: with schemas of the
	// server's own, or of things that are neither users nor groups. See [NewTypes].
	Types map[provisioning.Kind]*scim.ResourceType
	// Lower are names of attributes, besides those of the profile, whose values the server stores in lower case.
	Lower []string
}

// A Directory is a service provider as a [provisioning.Source] and [provisioning.Sink]. The
// documentation of the package says what its attributes are called.
type Directory struct {
	client *Client
	kinds  map[provisioning.Kind]*kind
}

// NewDirectory makes a Directory of a client. It sends nothing yet.
func NewDirectory(c *Client, o *DirectoryOptions) (*Directory, error) {
	if c == nil {
		return nil, errors.New("scim client: a directory needs a client")
	}
	if o == nil {
		o = &DirectoryOptions{}
	}
	types := map[provisioning.Kind]*scim.ResourceType{provisioning.User: scim.NewUserType(), provisioning.Group: scim.NewGroupType()}
	for name, t := range o.Types {
		types[name] = t
	}
	d := &Directory{client: c, kinds: map[provisioning.Kind]*kind{}}
	for name, t := range types {
		if t != nil {
			d.kinds[name] = newKind(t)
		}
	}
	if err := d.setLower(slices.Concat(c.profile.Lower, o.Lower)); err != nil {
		return nil, err
	}
	return d, nil
}

// NewTypes gives the resource types of users and groups with further schemas, such as [Client.Schemas]
// gives: each whose URN is not one of RFC 7643 extends users.
func NewTypes(schemas ...*scim.Schema) (map[provisioning.Kind]*scim.ResourceType, error) {
	def := scim.ResourceTypeDefinition{
		Name: "User", Endpoint: "/Users", Schema: scim.NewUserSchema(),
		Extensions: []scim.Extension{{Schema: scim.NewEnterpriseUserSchema()}},
	}
	for _, s := range schemas {
		switch {
		case foldEqual(s.ID, scim.EnterpriseUserSchema), foldEqual(s.ID, scim.UserSchema), foldEqual(s.ID, scim.GroupSchema),
			foldEqual(s.ID, scim.SchemaSchema), foldEqual(s.ID, scim.ResourceTypeSchema), foldEqual(s.ID, scim.ServiceProviderConfigSchema):
		default:
			def.Extensions = append(def.Extensions, scim.Extension{Schema: s})
		}
	}
	users, err := scim.NewResourceType(def)
	if err != nil {
		return nil, fmt.Errorf("scim client: %w", err)
	}
	return map[provisioning.Kind]*scim.ResourceType{provisioning.User: users, provisioning.Group: scim.NewGroupType()}, nil
}

func (d *Directory) kind(name provisioning.Kind) (*kind, error) {
	if k := d.kinds[name]; k != nil {
		return k, nil
	}
	return nil, fmt.Errorf("records of kind %s: the SCIM directory has none: %w", name, errors.ErrUnsupported)
}

// Records gives every resource of a kind as a record. A sequence that ends without an error is
// complete; see [Client.List].
func (d *Directory) Records(ctx context.Context, kindName provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		k, err := d.kind(kindName)
		if err != nil {
			yield(nil, err)
			return
		}
		d.list(ctx, kindName, k, nil)(yield)
	}
}

func (d *Directory) list(ctx context.Context, kindName provisioning.Kind, k *kind, q *Query) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		n := 0
		for r, err := range d.client.List(ctx, k.typ.Endpoint(), q) {
			if err != nil {
				yield(nil, fmt.Errorf("read %s records: %w", kindName, missing(err, kindName)))
				return
			}
			n++
			rec, err := d.record(kindName, k, r)
			if err != nil {
				err = unreadable(kindName, r, fmt.Sprintf("resource %d of the list", n), err)
				rec = nil
			} else if err = d.withMembers(ctx, k, rec); err != nil {
				rec = nil
			}
			if !yield(rec, err) || ends(err) {
				return
			}
		}
	}
}

// unreadable says that one resource cannot be read. Its ExternalID can be, so that only the record it belongs to is held.
func unreadable(kindName provisioning.Kind, r *scim.Resource, where string, err error) error {
	id := provisioning.ID(r.ID())
	one := &provisioning.RecordError{Ref: provisioning.Ref{Kind: kindName, ID: id}, Where: where, Err: err}
	if id != "" {
		one.Record = &provisioning.Record{Kind: kindName, ID: id, ExternalID: provisioning.ID(r.ExternalID())}
	}
	return one
}

// ends reports whether an error ends a sequence: one that does not concern a single record.
func ends(err error) bool {
	if err == nil {
		return false
	}
	var one *provisioning.RecordError
	return !errors.As(err, &one)
}

// missing tells a server without the endpoint, which is unsupported, from other failures. Every
// service has users, so their absence means a wrong address.
func missing(err error, kindName provisioning.Kind) error {
	absent := errors.Is(err, errors.ErrUnsupported) || errors.Is(err, provisioning.ErrNotFound)
	if absent && kindName != provisioning.User {
		return fmt.Errorf("%w: %w", err, errors.ErrUnsupported)
	}
	if errors.Is(err, provisioning.ErrNotFound) {
		return fmt.Errorf("%w; check the base address", err)
	}
	return err
}

// Ping reads the first user, to prove that the address, the network, TLS and the credentials are right.
func (d *Directory) Ping(ctx context.Context) error {
	resp, err := d.client.send(ctx, &request{method: http.MethodGet, path: []string{"/Users"}, query: url.Values{"count": {"1"}}})
	if err != nil {
		return fmt.Errorf("reach the SCIM service: %w", missing(err, provisioning.User))
	}
	o, err := resp.object()
	if err != nil {
		return fmt.Errorf("reach the SCIM service: %w", err)
	}
	if !o.Has("Resources") && !o.Has("totalResults") {
		return fmt.Errorf("reach the SCIM service: %s: the answer is JSON but no SCIM list; check the base address: %w", resp.what(), ErrNotSCIM)
	}
	return nil
}

var (
	_ provisioning.Pinger = (*Directory)(nil)
	_ provisioning.Source = (*Directory)(nil)
)
