package scim

import (
	"encoding/json"
	"iter"
	"slices"
	"strconv"
	"time"
)

// An Object is a JSON object: a resource, an extension or a complex value. Its members keep their
// order, and their names are found without regard to case (RFC 7643 section 2.1).
//
// A value is one of
//
//   - nil: null, which means unassigned (RFC 7643 section 2.5),
//   - string, bool,
//   - [json.Number]: it keeps every digit that was sent, which int64 and float64 would not; 2^64 and
//     1.10 come out as they went in,
//   - *Object: a complex value or an extension,
//   - []any: the values of a multi-valued attribute, each one of the above.
//
// Reading one Object from many goroutines is safe, changing it is not.
type Object struct {
	members []Member
}

// A Member is one name of an [Object] and its value.
type Member struct {
	Name  string
	Value any
}

// NewObject makes an Object of members in their order. Of two members with one name the last counts.
func NewObject(members ...Member) *Object {
	o := &Object{members: make([]Member, 0, len(members))}
	for _, m := range members {
		o.Set(m.Name, m.Value)
	}
	return o
}

// index gives the place of a name, or -1.
func (o *Object) index(name string) int {
	if o == nil {
		return -1
	}
	for i := range o.members {
		if foldEqual(o.members[i].Name, name) {
			return i
		}
	}
	return -1
}

// Get gives the value of a name; nil when the name is absent or null, which SCIM holds to be the same.
func (o *Object) Get(name string) any {
	if i := o.index(name); i >= 0 {
		return o.members[i].Value
	}
	return nil
}

// Has reports whether the name is present, with whatever value.
func (o *Object) Has(name string) bool { return o.index(name) >= 0 }

// GetString gives the value of a name if that is a string, else "".
func (o *Object) GetString(name string) string {
	s, _ := o.Get(name).(string)
	return s
}

// GetObject gives the value of a name if that is an object, else nil. A nil Object can be read.
func (o *Object) GetObject(name string) *Object {
	v, _ := o.Get(name).(*Object)
	return v
}

// GetValues gives the values of a multi-valued name; nil when it has none.
func (o *Object) GetValues(name string) []any {
	v, _ := o.Get(name).([]any)
	return v
}

// Set gives a name a value, in its old place or at the end. The spelling of a name that is there
// is kept. Besides the values that an Object holds it takes int, int64, float64, [time.Time], []string,
// []*Object and map[string]any, and turns them into those.
func (o *Object) Set(name string, value any) {
	value = toValue(value)
	if i := o.index(name); i >= 0 {
		o.members[i].Value = value
		return
	}
	o.members = append(o.members, Member{name, value})
}

// Delete removes a name.
func (o *Object) Delete(name string) {
	if i := o.index(name); i >= 0 {
		o.members = slices.Delete(o.members, i, i+1)
	}
}

// Len is the number of members.
func (o *Object) Len() int {
	if o == nil {
		return 0
	}
	return len(o.members)
}

// All gives the members in their order. The Object must not be changed meanwhile.
func (o *Object) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		if o == nil {
			return
		}
		for _, m := range o.members {
			if !yield(m.Name, m.Value) {
				return
			}
		}
	}
}

// Clone gives a copy that shares nothing with o that can be changed.
func (o *Object) Clone() *Object {
	if o == nil {
		return nil
	}
	c := &Object{members: slices.Clone(o.members)}
	for i := range c.members {
		c.members[i].Value = cloneValue(c.members[i].Value)
	}
	return c
}

func cloneValue(v any) any {
	switch v := v.(type) {
	case *Object:
		return v.Clone()
	case []any:
		c := make([]any, len(v))
		for i := range v {
			c[i] = cloneValue(v[i])
		}
		return c
	}
	return v
}

// shallow gives a copy of o that shares its values.
func (o *Object) shallow() *Object {
	return &Object{members: slices.Clone(o.members)}
}

// Equal reports whether both hold the same names with the same values, whatever the order and the
// case of the names. Values are compared exactly, and lists by order; absent and null are the same.
// [ResourceType.Equal] compares as a schema says.
func (o *Object) Equal(other *Object) bool {
	return o.covers(other) && other.covers(o)
}

// covers reports whether every member of other that is not null is also in o.
func (o *Object) covers(other *Object) bool {
	for name, v := range other.All() {
		if v != nil && !equalValue(v, o.Get(name)) {
			return false
		}
	}
	return true
}

func equalValue(a, b any) bool {
	switch a := a.(type) {
	case *Object:
		b, ok := b.(*Object)
		return ok && a.Equal(b)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equalValue)
	}
	switch b.(type) {
	case *Object, []any:
		return false
	}
	return a == b
}

// toValue turns what Go programs have at hand into a value that an Object holds.
func toValue(v any) any {
	switch v := v.(type) {
	case int:
		return json.Number(strconv.Itoa(v))
	case int64:
		return json.Number(strconv.FormatInt(v, 10))
	case float64:
		return json.Number(strconv.FormatFloat(v, 'g', -1, 64))
	case time.Time:
		return FormatTime(v)
	case []string:
		list := make([]any, len(v))
		for i, s := range v {
			list[i] = s
		}
		return list
	case []*Object:
		list := make([]any, len(v))
		for i, o := range v {
			list[i] = o
		}
		return list
	case []any:
		for i := range v {
			if n := toValue(v[i]); !sameKind(n, v[i]) {
				v[i] = n
			}
		}
		return v
	case map[string]any:
		o := &Object{members: make([]Member, 0, len(v))}
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			o.Set(name, v[name])
		}
		return o
	}
	return v
}

// sameKind reports whether toValue left a value alone.
func sameKind(a, b any) bool {
	switch b.(type) {
	case nil, string, bool, json.Number, *Object, []any:
		return true
	}
	return false
}
