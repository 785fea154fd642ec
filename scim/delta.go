package scim

// A Delta is a PATCH request resolved against a [ResourceType]: attributes are found, values have their
// types, and vendors' forms are gone. It is applied as a whole or not at all.
type Delta struct {
	typ *ResourceType
	ops []deltaOp
}

type deltaOp struct{}

// Membership is what a Delta does to one multi-valued attribute whose values are known by their "value",
// as members of a group are. Values in Add and Remove do not overlap: of two operations on one value the
// last counts.
type Membership struct {
	// Replace says that all present values go, and those in Add take their place.
	Replace bool
	// Add are values to add, unless one with the same "value" is there.
	Add []*Object
	// Remove are the "value"s to remove; it is empty when Replace is set.
	Remove []string
}
