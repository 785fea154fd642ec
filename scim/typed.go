package scim

import (
	"reflect"
	"sync"
)

// What the typed views are read by, worked out when it is first needed.
var (
	userStruct  = sync.OnceValue(structFor[User])
	groupStruct = sync.OnceValue(structFor[Group])
)

func structFor[T any]() *structType {
	s, err := structOf(reflect.TypeFor[T]())
	if err != nil {
		panic(err) // a mistake in a tag of this package
	}
	return s
}

// view gives the typed view of a resource. What does not fit is left out.
func view[T any](s *structType, r *Resource) *T {
	v := new(T)
	_ = s.decode(&r.Object, reflect.ValueOf(v).Elem())
	return v
}

// resourceOf gives a typed view as a resource. It has no field that could be no value.
func resourceOf[T any](s *structType, urn string, v *T) *Resource {
	r, _ := s.resource(urn, reflect.ValueOf(v).Elem())
	return r
}

// UserOf gives the typed view of a resource that is spelled as the schema says, as those of
// [ResourceType.Decode] are. It shares the values in Other with r.
func UserOf(r *Resource) *User { return view[User](userStruct(), r) }

// Resource gives the user as a resource. It shares the values in Other.
func (u *User) Resource() *Resource { return resourceOf(userStruct(), UserSchema, u) }

// GroupOf gives the typed view of a resource that is spelled as the schema says, as those of
// [ResourceType.Decode] are. It shares the values in Other with r.
func GroupOf(r *Resource) *Group { return view[Group](groupStruct(), r) }

// Resource gives the group as a resource. It shares the values in Other.
func (g *Group) Resource() *Resource { return resourceOf(groupStruct(), GroupSchema, g) }
