// Package server is a SCIM 2.0 service provider (RFC 7644): a [Handler] over a [Store].
//
// The Handler reads requests as identity providers really send them, checks them against the schemas, and
// speaks to a Store of five methods, which never sees a request. It owns PATCH, projections, ETags, sorting,
// paging, bulk, discovery, authentication and limits; [ServiceProviderConfig] says what it was given.
//
//	h, err := server.New(types, server.One(memstore.New(nil)), server.Bearer(tokens.Verify), nil)
//	http.Handle("/scim/v2/", h)
//
// [ServiceProviderConfig]: https://www.rfc-editor.org/rfc/rfc7643#section-5
package server
