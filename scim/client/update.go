package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/ilumy/usersync/internal/httpx"
	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
)

// maxRaces is how often a change is made anew because somebody else changed the resource at the same time.
const maxRaces = 3

// Update changes what differs between Before and After, and the references of Add and Remove.
func (d *Directory) Update(ctx context.Context, c *provisioning.Change) error {
	ref := provisioning.Ref{Kind: c.Kind, ID: c.Target}
	e, err := d.edit(c)
	if err == nil && e.attributes() {
		err = d.write(ctx, e)
	}
	if err == nil && len(e.add)+len(e.remove) > 0 {
		err = d.editMembers(ctx, e.k, e.id, e.add, e.remove)
	}
	if err != nil {
		return fmt.Errorf("update %s: %w", ref, err)
	}
	return nil
}

// write changes the resource by PATCH or PUT.
func (d *Directory) write(ctx context.Context, e *edit) error {
	way, err := d.way(ctx, e.k)
	if err != nil {
		return err
	}
	switch way {
	case ChangeActive:
		if e.ext != "" || len(e.names) > 0 || e.manager != nil {
			return fmt.Errorf("%s can only be told through SCIM who is active; leave %s out of the mapping, or write it on creation only: %w",
				d.client.profile.Name, e.what(), provisioning.ErrInvalid)
		}
		return d.patch(ctx, e)
	case ChangePut:
		return d.put(ctx, e)
	}
	err = d.patch(ctx, e)
	if errors.Is(err, errors.ErrUnsupported) && d.declared(e.k) == ChangeAuto {
		// The server did not say that it cannot; from now on we know.
		d.client.noPatch.Store(true)
		return d.put(ctx, e)
	}
	return err
}

func (d *Directory) declared(k *kind) Change {
	if k.members != nil {
		return d.client.profile.Groups
	}
	return d.client.profile.Users
}

// way decides how resources are changed: as the profile says, else as the server says, else by PATCH.
func (d *Directory) way(ctx context.Context, k *kind) (Change, error) {
	if way := d.declared(k); way != ChangeAuto {
		return way, nil
	}
	if d.client.noPatch.Load() {
		return ChangePut, nil
	}
	config, err := d.client.ServiceProviderConfig(ctx)
	if err != nil {
		return "", err
	}
	if config.Known && config.hasPatch && !config.Patch {
		return ChangePut, nil
	}
	return ChangePatch, nil
}

// patch sends what differs. Values of multi-valued attributes depend on what is there now, which is
// read first: a path with a filter would leave that to the server, but few understand all of those,
// and fewer make the value that a path does not find.
func (d *Directory) patch(ctx context.Context, e *edit) error {
	for race := 0; ; race++ {
		var now *scim.Resource
		version := ""
		if d.versioned(ctx) {
			version = e.version
		}
		if e.reads() {
			var err error
			if now, version, err = d.read(ctx, e, race); err != nil {
				return err
			}
		}
		ops := e.operations(now)
		if len(ops) == 0 {
			return nil
		}
		err := d.client.do(ctx, patching(e.k.typ.Endpoint(), e.id, ops, version))
		if err == nil {
			return nil
		}
		if !errors.Is(err, provisioning.ErrConflict) {
			return d.doubtful(ctx, e, err)
		}
		if done, _ := d.done(ctx, e, err); done {
			return nil
		}
		if race >= maxRaces || now == nil {
			return err
		}
	}
}

// put reads the resource, changes it, and writes it whole, unless somebody changed it meanwhile.
func (d *Directory) put(ctx context.Context, e *edit) error {
	for race := 0; ; race++ {
		now, version, err := d.read(ctx, e, race)
		if err != nil {
			return err
		}
		made := now.Clone()
		if !e.apply(made) {
			return nil
		}
		made.Delete("meta")
		for _, a := range e.k.typ.Attributes() {
			if a.Mutability == scim.ReadOnly && !isOneOf(a.Name, "id", "schemas") {
				made.Delete(a.Name)
			}
		}
		err = d.client.do(ctx, replacing(e.k.typ.Endpoint(), made, version))
		if err == nil || !errors.Is(err, provisioning.ErrConflict) || race >= maxRaces {
			return d.doubtful(ctx, e, err)
		}
	}
}

// read gives the resource as it is now and, where versions mean something, its version. It fails if the
// resource is no longer what the plan was made from.
func (d *Directory) read(ctx context.Context, e *edit, race int) (*scim.Resource, string, error) {
	now, version, err := d.client.get(ctx, e.k.typ.Endpoint(), e.id)
	if err != nil {
		return nil, "", err
	}
	if !d.versioned(ctx) {
		return now, "", nil
	}
	if race == 0 && e.version != "" && version != "" && version != e.version {
		return nil, "", fmt.Errorf("%w: make a new plan", provisioning.ErrConflict)
	}
	return now, version, nil
}

// done tells whether a conflict is with ourselves: the request was sent twice, since the first answer
// was lost, and the first has done what it should.
func (d *Directory) done(ctx context.Context, e *edit, err error) (bool, error) {
	var status *httpx.StatusError
	if !errors.As(err, &status) || !status.Repeated {
		return false, nil
	}
	now, err := d.client.Get(ctx, e.k.typ.Endpoint(), e.id)
	if err != nil {
		return false, err
	}
	return !e.apply(now), nil
}

// doubtful looks into a 404 to a write: servers answer so to methods they do not have, and then the
// record is not gone.
func (d *Directory) doubtful(ctx context.Context, e *edit, err error) error {
	if !errors.Is(err, provisioning.ErrNotFound) {
		return err
	}
	look := &request{method: http.MethodGet, path: []string{e.k.typ.Endpoint(), e.id}}
	if e.k.members != nil {
		look.query = url.Values{"excludedAttributes": {e.k.members.Name}} // a group may be large
	}
	resp, failed := d.client.send(ctx, look)
	if failed == nil {
		_, failed = resp.resource()
	}
	if failed == nil {
		return fmt.Errorf("the record is there, but the server answers 404 to this way of changing it; choose another in the profile: %w",
			errors.Join(errors.ErrUnsupported, errors.New(err.Error())))
	}
	return err
}

// versioned reports whether versions mean something at this server.
func (d *Directory) versioned(ctx context.Context) bool {
	config, err := d.client.ServiceProviderConfig(ctx)
	return err == nil && config.ETag
}
