package server

import "github.com/ilumy/usersync/scim"

func (x *exchange) bulk() (*result, error) { return nil, scim.ErrNotImplemented }
