package server

import (
	"context"

	"github.com/ilumy/usersync/scim"
)

// Stores gives the Store of a tenant. It is asked for each request, after authentication, with the
// tenant of the [Caller]; so it should have its answer at hand. A tenant that it does not know is an error
// that wraps [scim.ErrForbidden].
type Stores func(ctx context.Context, tenant string) (Store, error)

// One is the Stores of a service without tenants: it gives s to callers that belong to none, and
// nothing to any other, whose tenant would else share what s holds.
func One(s Store) Stores {
	return func(_ context.Context, tenant string) (Store, error) {
		if tenant != "" {
			return nil, scim.Errorf(scim.ErrForbidden, "this service has no tenants")
		}
		return s, nil
	}
}
