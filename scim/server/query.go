package server

import (
	"github.com/ilumy/usersync/scim"
)

// A Query is what a List is asked for. Its parts have been checked and bounded.
type Query struct {
	Type *scim.ResourceType
	// Filter says which resources; nil is all. Filter.Match decides, Filter.Eq helps to look into an index,
	// and Filter.Expression is the tree for a query language.
	Filter *scim.Filter
	// Order is what to sort by; with nil the order is the Store's own. In either case it is total and stays the
	// same from one page to the next.
	Order *scim.Order
	// StartIndex is the place of the first resource to give, from 1.
	StartIndex int
	// Count is how many to give at most; with 0 only Page.Total is wanted.
	Count int
	// ByCursor says that Cursor counts, not StartIndex (RFC 9865). An empty Cursor asks for the first page, another
	// is a Page.NextCursor or PreviousCursor of the same query; one that is not is an error that wraps
	// [scim.ErrInvalidCursor].
	ByCursor bool
	Cursor   string
	// Projection is what will be shown of the resources; what it leaves out may be missing. Nil is all.
	Projection *scim.Projection
}

// A Page is some of the resources that a Query asks for.
type Page struct {
	Resources []*scim.Resource
	// Total is how many match, on all pages.
	Total int
	// NextCursor and PreviousCursor lead to the pages after and before; empty where there are none, and without
	// Query.ByCursor.
	NextCursor     string
	PreviousCursor string
}
