package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/ilumy/usersync/scim"
)

// A ServiceProviderConfig is what the server says it can (RFC 7643 section 5, RFC 9865 section 4). What it does
// not tell is zero.
type ServiceProviderConfig struct {
	// Known says that the server has this document; otherwise all is unknown rather than false.
	Known bool

	Patch, Bulk, Filter, Sort, ETag, ChangePassword bool

	BulkMaxOperations, BulkMaxPayloadSize int
	FilterMaxResults                      int

	// Cursor and Index are the ways of paging.
	Cursor, Index    bool
	DefaultPaging    string
	MaxPageSize      int
	CursorTimeout    int
	DocumentationURI string
	Authentication   []string

	// EventURIs are the security events that the server tells of, and AsyncRequest says when it answers before it
	// has done what was asked: "none", "long" or "request" (RFC 9967 section 4).
	EventURIs    []string
	AsyncRequest string

	hasPatch, hasETag bool
}

// ServiceProviderConfig asks the server what it can, once. A server without that document is no error.
func (c *Client) ServiceProviderConfig(ctx context.Context) (*ServiceProviderConfig, error) {
	c.mu.Lock()
	known := c.config
	c.mu.Unlock()
	if known != nil {
		return known, nil
	}
	config, err := c.discover(ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.config = config
	c.mu.Unlock()
	return config, nil
}

func (c *Client) discover(ctx context.Context) (*ServiceProviderConfig, error) {
	resp, err := c.send(ctx, &request{method: http.MethodGet, path: []string{"/ServiceProviderConfig"}})
	if err != nil {
		// A server may keep it to itself; that is no reason not to work with it.
		switch statusOf(err) {
		case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
			return &ServiceProviderConfig{}, nil
		}
		return nil, fmt.Errorf("read what the server supports: %w", err)
	}
	o, err := resp.object()
	if err != nil {
		return nil, fmt.Errorf("read what the server supports: %w", err)
	}
	// Some servers give it as a list of one.
	if list := o.GetValues("Resources"); len(list) == 1 {
		if first, ok := list[0].(*scim.Object); ok {
			o = first
		}
	}
	return readConfig(o), nil
}

func readConfig(o *scim.Object) *ServiceProviderConfig {
	supported := func(name string) bool { return truth(o.GetObject(name).Get("supported")) }
	c := &ServiceProviderConfig{
		Known:  true,
		Patch:  supported("patch"),
		Bulk:   supported("bulk"),
		Filter: supported("filter"),
		Sort:   supported("sort"),
		ETag:   supported("etag"),

		ChangePassword:     supported("changePassword"),
		BulkMaxOperations:  number(o.GetObject("bulk").Get("maxOperations")),
		BulkMaxPayloadSize: number(o.GetObject("bulk").Get("maxPayloadSize")),
		FilterMaxResults:   number(o.GetObject("filter").Get("maxResults")),
		DocumentationURI:   o.GetString("documentationUri"),
		hasPatch:           o.GetObject("patch").Has("supported"),
		hasETag:            o.GetObject("etag").Has("supported"),
	}
	if p := o.GetObject("pagination"); p != nil {
		c.Cursor, c.Index = truth(p.Get("cursor")), truth(p.Get("index"))
		c.DefaultPaging = p.GetString("defaultPaginationMethod")
		c.MaxPageSize, c.CursorTimeout = number(p.Get("maxPageSize")), number(p.Get("cursorTimeout"))
	}
	if e := o.GetObject("securityEvents"); e != nil {
		c.AsyncRequest = e.GetString("asyncRequest")
		for _, v := range e.GetValues("eventUris") {
			if s, ok := v.(string); ok {
				c.EventURIs = append(c.EventURIs, s)
			}
		}
	}
	for _, v := range o.GetValues("authenticationSchemes") {
		if s, ok := v.(*scim.Object); ok {
			c.Authentication = append(c.Authentication, s.GetString("type"))
		}
	}
	return c
}

// truth reads a boolean, also one that is sent as a string.
func truth(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		return foldEqual(v, "true")
	}
	return false
}

// number reads an integer that is not negative, also one that is sent as a string; 0 for anything else.
func number(v any) int {
	var n json.Number
	switch v := v.(type) {
	case json.Number:
		n = v
	case string:
		n = json.Number(v)
	}
	i, err := n.Int64()
	if err != nil || i < 0 || i > 1<<40 {
		return 0
	}
	return int(i)
}

// Schemas reads the schemas of the server (RFC 7643 section 7), for attributes that RFC 7643 does not have.
// Of a schema that cannot be read the error tells; the others are given nevertheless.
func (c *Client) Schemas(ctx context.Context) ([]*scim.Schema, error) {
	resp, err := c.send(ctx, &request{method: http.MethodGet, path: []string{"/Schemas"}})
	if err != nil {
		return nil, fmt.Errorf("read the schemas of the server: %w", err)
	}
	o, err := resp.object()
	if err != nil {
		return nil, fmt.Errorf("read the schemas of the server: %w", err)
	}
	var schemas []*scim.Schema
	var bad []error
	for i, v := range o.GetValues("Resources") {
		r, _ := v.(*scim.Object)
		b, err := r.AppendJSON(nil)
		if err == nil {
			var s *scim.Schema
			if s, err = scim.ParseSchema(b); err == nil {
				schemas = append(schemas, s)
			}
		}
		if err != nil {
			bad = append(bad, fmt.Errorf("read schema %d of the server: %w", i+1, err))
		}
	}
	return schemas, errors.Join(bad...)
}
