package scim

// An Op is what a PATCH operation does.
type Op string

// The operations of RFC 7644 section 3.5.2.
const (
	Add     Op = "add"
	Remove  Op = "remove"
	Replace Op = "replace"
)

// A PatchRequest is the body of a PATCH (RFC 7644 section 3.5.2).
type PatchRequest struct {
	Operations []PatchOperation
}

// A PatchOperation is one operation as it is sent.
type PatchOperation struct {
	Op   Op
	Path string
	// Value is one of the values of an [Object]; nil if there is none.
	Value any
}
