package scim

// A Dialect says how input is read that is not as the RFCs have it.
type Dialect uint8

const (
	// Tolerant takes the forms that identity providers really send, and reports them. It is the default.
	Tolerant Dialect = iota
	// Strict refuses what the RFCs do not allow.
	Strict
)

// Options say how input is read. Nil and the zero value are tolerant, with the default limits.
type Options struct {
	Dialect Dialect
	// Tolerated is called for each form that was taken although the RFCs have it otherwise. It is called
	// by the goroutine that reads, before the reading function returns. Nil ignores them.
	Tolerated func(Deviation)
	Limits    Limits
}

// Limits bound what one request may cost. A zero field is its default.
type Limits struct {
	// Body is the size of a body in bytes; 1 MiB unless told. [DecodeObject] refuses a larger one.
	Body int
	// Depth is how deep objects and lists may nest; 16.
	Depth int
	// Values is the number of values, at all depths together, that one body may hold; 200,000.
	Values int
	// Operations is the number of operations in one PATCH request; 1,000.
	Operations int
	// FilterLength is the length of a filter or path in bytes; 8 KiB.
	FilterLength int
	// FilterDepth is how deep parentheses and value filters may nest; 32.
	FilterDepth int
	// FilterTerms is the number of comparisons in one filter; 200.
	FilterTerms int
}

func (l Limits) withDefaults() Limits {
	set := func(p *int, def int) {
		if *p <= 0 {
			*p = def
		}
	}
	set(&l.Body, 1<<20)
	set(&l.Depth, 16)
	set(&l.Values, 200_000)
	set(&l.Operations, 1000)
	set(&l.FilterLength, 8<<10)
	set(&l.FilterDepth, 32)
	set(&l.FilterTerms, 200)
	return l
}

func (o *Options) limits() Limits {
	if o == nil {
		return Limits{}.withDefaults()
	}
	return o.Limits.withDefaults()
}

func (o *Options) strict() bool { return o != nil && o.Dialect == Strict }

// tolerate reports a deviation, and whether it is to be tolerated.
func (o *Options) tolerate(kind DeviationKind, path string) bool {
	if o.strict() {
		return false
	}
	if o != nil && o.Tolerated != nil {
		o.Tolerated(Deviation{kind, path})
	}
	return true
}

// A Deviation is one form of input that was taken although the RFCs have it otherwise.
type Deviation struct {
	Kind DeviationKind
	// Path is the attribute or the place that it concerns. It never holds a value of a person.
	Path string
}

// A DeviationKind names a form that identity providers send and the RFCs do not have.
type DeviationKind string

// The deviations that the tolerant dialect takes.
const (
	// BooleanString is "True" or "False" for a boolean (Entra ID).
	BooleanString DeviationKind = "boolean as string"
	// NumberString is "12" for an integer or decimal.
	NumberString DeviationKind = "number as string"
	// ScalarString is a number or boolean for a string.
	ScalarString DeviationKind = "string as number or boolean"
	// ScalarComplex is a bare value for a complex attribute that has a value sub-attribute: the
	// manager as a string (Entra ID).
	ScalarComplex DeviationKind = "complex attribute as bare value"
	// SingleList is a list of one for a single-valued attribute.
	SingleList DeviationKind = "single-valued attribute as list"
	// ListSingle is a bare value for a multi-valued attribute (OneLogin).
	ListSingle DeviationKind = "multi-valued attribute as single value"
	// WrappedScalar is {"value": "x"} for an attribute that is not complex (Entra ID).
	WrappedScalar DeviationKind = "simple attribute as object"
	// EmptyString is "" for an attribute that is no string, or as the value of a complex one: it is cleared (Entra ID).
	EmptyString DeviationKind = "empty string clears attribute"
	// NoReference is a member, or another reference, without the id of what it refers to; it is ignored.
	NoReference DeviationKind = "reference without id ignored"
	// UnknownAttribute is an attribute that no schema has; it is ignored.
	UnknownAttribute DeviationKind = "unknown attribute ignored"
	// UnknownSchema is a URN in schemas that the resource type does not have; it is ignored.
	UnknownSchema DeviationKind = "unknown schema ignored"
	// MissingSchema is a body without the URN of its schema.
	MissingSchema DeviationKind = "schemas missing"
	// ReadOnlyIgnored is a PATCH of a readOnly attribute, as the id (Okta); it is ignored.
	ReadOnlyIgnored DeviationKind = "readOnly attribute ignored"
	// CapitalOperation is a PATCH operation as "Add" (Entra ID).
	CapitalOperation DeviationKind = "capitalised operation"
	// RemoveByValue is a remove of a multi-valued attribute that names the values to remove (Entra ID, JumpCloud).
	RemoveByValue DeviationKind = "remove by value"
	// WrappedValue is {"members":[...]} as value of an operation whose path is members (Ping).
	WrappedValue DeviationKind = "value wrapped in its attribute"
	// CreatedOnMiss is an add whose value filter matches nothing, or a replace by one without a type or with a type that the
	// schema knows; the value is made (Entra ID).
	CreatedOnMiss DeviationKind = "value created for filter without match"
	// PathAsKey is a path as name in the value of an operation without a path (Entra ID).
	PathAsKey DeviationKind = "path as member name"
	// NullRemoves is a null that removes an attribute.
	NullRemoves DeviationKind = "null removes attribute"
	// FilteredSingle is a value filter on an attribute that has one value: manager[value eq "26"] (Entra ID).
	FilteredSingle DeviationKind = "value filter on single-valued attribute"
	// RemoveNothing is a remove whose value filter matches nothing; nothing is done.
	RemoveNothing DeviationKind = "remove without match ignored"
	// UnquotedLiteral is a filter value without its quotes (Entra ID).
	UnquotedLiteral DeviationKind = "unquoted filter value"
	// ComparedValuePath is emails[type eq "work"].value eq "x" in a filter (Entra ID).
	ComparedValuePath DeviationKind = "comparison after value filter"
	// LiteralType is a filter value of another JSON type than its attribute: primary eq "True".
	LiteralType DeviationKind = "filter value of another type"
	// BadDateTime is a dateTime without a zone or with a blank for T, which could be read still.
	BadDateTime DeviationKind = "dateTime in another form"
	// SeveralPrimary is more than one value with primary true; the last counts.
	SeveralPrimary DeviationKind = "several primary values"
)
