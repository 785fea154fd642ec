package scim

import "github.com/ilumy/usersync/scim/filter"

// Decode reads a resource of the type: JSON by [DecodeObject], then [ResourceType.Normalize].
func (t *ResourceType) Decode(b []byte, o *Options) (*Resource, error) { return nil, ErrNotImplemented }

// Normalize spells names as the schema does, gives values their types, and drops what is null, so that
// everything after it can rely on that. It changes r.
func (t *ResourceType) Normalize(r *Resource, o *Options) error { return ErrNotImplemented }

// CheckCreate makes a normalised resource one that can be created: it drops readOnly attributes, and fails if
// a required one is missing. It changes r.
func (t *ResourceType) CheckCreate(r *Resource, o *Options) error { return ErrNotImplemented }

// CheckReplace makes a normalised resource one that can take the place of stored (RFC 7644 section 3.5.1):
// readOnly attributes, and those never returned that r lacks, are those of stored, and immutable ones must be
// the same. It changes r but not stored.
func (t *ResourceType) CheckReplace(r, stored *Resource, o *Options) error { return ErrNotImplemented }

// Equal compares two resources as the schema says (caseExact, order of values of no importance), without meta.
func (t *ResourceType) Equal(a, b *Resource) bool { return false }

// ParseFilter parses and compiles a filter (RFC 7644 section 3.4.2.2).
func (t *ResourceType) ParseFilter(s string, o *Options) (*Filter, error) {
	return nil, ErrNotImplemented
}

// CompileFilter compiles a syntax tree.
func (t *ResourceType) CompileFilter(e filter.Expression, o *Options) (*Filter, error) {
	return nil, ErrNotImplemented
}

// Eq gives the value that an attribute must be equal to in each resource that matches, if the filter
// says so outright: it is such a comparison, or a conjunction with one. A Store uses it to look into an index.
// The path is a canonical one; "emails.value" also finds the value of emails[type eq "work" and value eq "x"].
func (f *Filter) Eq(path string) (value any, ok bool) { return nil, false }

// DecodePatch reads the body of a PATCH.
func DecodePatch(b []byte, o *Options) (*PatchRequest, error) { return nil, ErrNotImplemented }

// Resolve makes a Delta of a PATCH request: paths are found in the schema, values normalised, vendors' forms
// understood.
func (t *ResourceType) Resolve(p *PatchRequest, o *Options) (*Delta, error) {
	return nil, ErrNotImplemented
}

// Apply gives r as the delta makes it, and whether it differs. r is not changed, and shares what is not
// changed with the answer; when nothing differs the answer is r itself.
func (d *Delta) Apply(r *Resource) (_ *Resource, changed bool, err error) {
	return nil, false, ErrNotImplemented
}

// Membership gives what the delta does to the multi-valued attribute of a name, and a delta of the rest. It is
// not ok if the delta does something to the attribute that Membership cannot say; then use Apply.
func (d *Delta) Membership(name string) (m *Membership, rest *Delta, ok bool) { return nil, nil, false }

// Empty reports whether the delta does nothing.
func (d *Delta) Empty() bool { return true }

// A Projection says which attributes are shown (RFC 7644 section 3.9). It is safe for concurrent use.
type Projection struct{}

// Projection makes a Projection of the parameters attributes and excludedAttributes; of neither, it
// shows what is returned by default.
func (t *ResourceType) Projection(attributes, excluded []string, o *Options) (*Projection, error) {
	return nil, ErrNotImplemented
}

// Apply gives r with what is shown only. It shares values with r.
func (p *Projection) Apply(r *Resource) *Resource { return r }

// Includes reports whether the attribute of a path, or part of it, is shown.
func (p *Projection) Includes(path string) bool { return true }

// AppendJSON appends what is shown of r. With a location, that is the one in meta.
func (p *Projection) AppendJSON(b []byte, r *Resource, location string) ([]byte, error) {
	return r.AppendJSON(b)
}

// An Order sorts resources (RFC 7644 section 3.4.2.3).
type Order struct{}

// Order makes an Order of the parameters sortBy and sortOrder.
func (t *ResourceType) Order(by, order string, o *Options) (*Order, error) {
	return nil, ErrNotImplemented
}

// Compare is negative if a comes before b. Resources without a value come last in ascending order.
func (o *Order) Compare(a, b *Resource) int { return 0 }

// Attribute is what is sorted by, and whether in descending order.
func (o *Order) Attribute() (a *Attribute, descending bool) { return nil, false }

// Values gives all values that r has of the attribute.
func (a *Attribute) Values(r *Resource) []any { return nil }

// Key gives a string that is the same for values that are equal by the attribute's rules, and different for
// others: what an index is made of.
func (a *Attribute) Key(value any) string { return "" }

// Unique gives the attributes whose values no two resources may share; without the id.
func (t *ResourceType) Unique() []*Attribute { return nil }
