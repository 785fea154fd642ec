package server

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/ilumy/usersync/scim"
)

// Limits are those in force: what [Options] say, with the defaults for what they leave out. The fields of
// [scim.Limits] that are zero have the defaults that are told there.
func (h *Handler) Limits() Limits { return h.limits }

// ResourceTypes are the types that the Handler serves, in their order.
func (h *Handler) ResourceTypes() []*scim.ResourceType {
	types := make([]*scim.ResourceType, len(h.types))
	for i, t := range h.types {
		types[i] = t.ResourceType
	}
	return types
}

type baseKey struct{}

// At gives a request whose endpoints lie below the path base, as "/scim/v1", whatever [Options.Base] says: for a handler in
// front that has a path of its own.
func At(r *http.Request, base string) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), baseKey{}, base))
}

// Refuse answers a request with an error, for a handler in front of this one that has found something wrong with it. Whoever
// may not ask learns that and nothing else, and the [Observer] is told, as in ServeHTTP.
//
// What is wrong with a body, such a handler finds when it is read: an error of package scim that the body of a
// request gives in place of more bytes is the answer, as it is.
func (h *Handler) Refuse(w http.ResponseWriter, r *http.Request, why error) { h.serve(w, r, why) }

// RewriteQuery gives the query of a URL with other values for its parameters. They are taken apart as a [Handler] does it,
// which is not quite what package url does; f gives the new value of one, and whether to keep it.
func RewriteQuery(rawQuery string, f func(name, value string) (_ string, keep bool, _ error)) (string, error) {
	var b strings.Builder
	err := eachParam(rawQuery, func(name, value string) error {
		value, keep, err := f(name, value)
		if err != nil || !keep {
			return err
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(name) + "=" + url.QueryEscape(value))
		return nil
	})
	return b.String(), err
}
