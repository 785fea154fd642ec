package plekclient

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim/client"
)

// A Client reaches one Plek environment. It is safe for concurrent use.
type Client struct {
	options   Options
	scim      *client.Client
	directory *client.Directory
	// key is the canonical name of the attribute that carries the mapping key.
	key string
}

// New makes a client of the environment at an address such as "https://example.plek.co". It sends
// nothing yet; see [Client.Ping].
func New(baseURL string, o *Options) (*Client, error) {
	if o == nil {
		o = &Options{}
	}
	c := &Client{options: o.withDefaults()}
	u, err := url.Parse(baseURL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("plek: the address of the environment must be a URL such as https://example.plek.co")
	}
	base := *u
	switch path := strings.Trim(u.Path, "/"); {
	case path != "" && o.BasePath != "":
		return nil, errors.New("plek: the address has a path and BasePath is given too: give one of the two")
	case path == "":
		base.Path = "/" + strings.Trim(otherwise(o.BasePath, DefaultBasePath), "/")
	}
	options, err := c.options.clientOptions(&url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/"})
	if err != nil {
		return nil, err
	}
	types, err := c.options.types()
	if err != nil {
		return nil, err
	}
	if c.scim, err = client.New(base.String(), options); err != nil {
		return nil, fmt.Errorf("plek: %w", err)
	}
	if c.directory, err = client.NewDirectory(c.scim, &client.DirectoryOptions{Types: types}); err != nil {
		return nil, fmt.Errorf("plek: %w", err)
	}
	if err := c.checkNames(); err != nil {
		return nil, err
	}
	return c, nil
}

// checkNames finds mistakes in the options at the start rather than at every record.
func (c *Client) checkNames() error {
	c.key = c.options.KeyAttribute
	for _, s := range []struct{ option, attribute string }{{"KeyAttribute", c.key}, {"RoleAttribute", c.options.RoleAttribute}} {
		if s.attribute == "" || s.attribute == DefaultKeyAttribute {
			continue
		}
		name, err := c.directory.Name(provisioning.User, s.attribute)
		if err != nil {
			return fmt.Errorf("plek: %s: %w", s.option, err)
		}
		if s.option == "KeyAttribute" {
			c.key = name
		}
	}
	return nil
}

// SCIM gives the client of the protocol, for what is not in a [Sink].
func (c *Client) SCIM() *client.Client { return c.scim }

// Ping proves that the environment can be reached and lets us in.
func (c *Client) Ping(ctx context.Context) error {
	if err := c.directory.Ping(ctx); err != nil {
		return fmt.Errorf("plek: %w", err)
	}
	return nil
}

// Policy gives the policy that fits Plek: leavers are deactivated, nothing is deleted, and of two
// records with one e-mail address neither takes that of the other.
func Policy() provisioning.Policy {
	return provisioning.Policy{Unique: []string{"emails", "userName"}, Forbid: []provisioning.Op{provisioning.Delete}}
}

var _ provisioning.Pinger = (*Client)(nil)
