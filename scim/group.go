package scim

// A Group is the typed view of a Group resource (RFC 7643 section 4.2).
type Group struct {
	ID          string
	ExternalID  string
	Meta        Meta
	DisplayName string
	// Members are known by the id in their Value; Type is User or Group.
	Members []Value
	// Other are the attributes and extensions for which there is no field.
	Other []Member
}

func (g *Group) texts() []field {
	return []field{{"id", &g.ID}, {"externalId", &g.ExternalID}, {"displayName", &g.DisplayName}}
}

// GroupOf gives the typed view of a resource that is spelled as the schema says, as those of
// [ResourceType.Decode] are. It shares the values in Other with r.
func GroupOf(r *Resource) *Group {
	g := &Group{Meta: r.Meta(), Members: valuesOf(r.GetValues("members"))}
	g.Other = others(r, append(get(&r.Object, g.texts()), "schemas", "meta", "members"))
	return g
}

// Resource gives the group as a resource. It shares the values in Other.
func (g *Group) Resource() *Resource {
	r := NewResource(GroupSchema)
	set(&r.Object, g.texts())
	setValues(&r.Object, "members", g.Members)
	finish(r, g.Other, g.Meta)
	return r
}
