package scim

// A SearchRequest is a query as POST .search has it (RFC 7644 section 3.4.3) and as a GET has it in its URL.
type SearchRequest struct {
	Attributes         []string
	ExcludedAttributes []string
	Filter             string
	SortBy             string
	SortOrder          string
	// StartIndex is from 1; nil when it was not sent.
	StartIndex *int
	// Count is nil when it was not sent; 0 asks for the total only.
	Count *int
	// Cursor is nil when it was not sent; "" asks for the first page by cursor (RFC 9865 section 2).
	Cursor *string
}
