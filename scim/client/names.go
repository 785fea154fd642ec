package client

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
)

// name is the name of an attribute of a record, understood.
type name struct {
	// path is the canonical spelling.
	path string
	// top is the attribute of the resource, or of the extension, that holds the value.
	top *scim.Attribute
	// sub is the part of a complex top, or nil.
	sub *scim.Attribute
	// typ is the type in brackets: one kind of value of a multi-valued top.
	typ string
	// typed says that there are brackets.
	typed bool
	// bare says that the record names the types of the values elsewhere, so that none is to be guessed.
	bare bool
}

// leaf is the attribute whose type the values have.
func (n name) leaf() *scim.Attribute {
	if n.sub != nil {
		return n.sub
	}
	return n.top
}

// set reports whether the attribute may have several values.
func (n name) set() bool {
	return n.top.MultiValued && (n.sub == nil || foldEqual(n.sub.Name, "value"))
}

// name understands a name as a person wrote it.
func (k *kind) name(s string) (name, error) {
	if v, ok := k.parsed.Load(s); ok {
		if n, ok := v.(name); ok {
			return n, nil
		}
		return name{}, v.(error)
	}
	n, err := k.parse(s)
	if err != nil {
		k.parsed.Store(s, err)
		return n, err
	}
	k.parsed.Store(s, n)
	return n, nil
}

func (k *kind) parse(s string) (name, error) {
	refuse := func(format string, args ...any) (name, error) {
		return name{}, fmt.Errorf("attribute %q of %s: %s: %w", s, k.typ.Name(), fmt.Sprintf(format, args...), provisioning.ErrInvalid)
	}
	head, typ, sub, typed, ok := splitName(s)
	if !ok {
		return refuse(`it is not of the form name, name.part or name[type eq "work"].part`)
	}
	a, err := k.find(head)
	if err != nil {
		return refuse("%v", err)
	}
	n := name{top: a, typed: typed}
	if p := a.Parent(); p != nil && !p.IsExtension() {
		n.top, n.sub = p, a
	}
	if sub != "" {
		if n.sub != nil {
			return refuse("it has two parts")
		}
		if n.sub = n.top.Sub(sub); n.sub == nil {
			return refuse("%s has no part %q; it has %s", n.top.Path(), sub, parts(n.top))
		}
	}
	if typed {
		n.typ = canonicalType(n.top, typ)
	}
	switch top := n.top.Name; {
	case a.IsExtension():
		return refuse("it is a schema, not an attribute of one")
	case isOneOf(top, "id", "schemas", "meta"):
		return refuse("the server sets it")
	case isOneOf(top, "externalId"):
		return refuse("it holds the ExternalID of the record, by which the record is known; map to that")
	case n.top == k.members || n.top == k.manager:
		return refuse("it refers to other records; map to the reference %q", n.top.Name)
	case n.top.Mutability == scim.ReadOnly || n.leaf().Mutability == scim.ReadOnly:
		return refuse("the server sets it, nobody can write it")
	case n.leaf().Returned == scim.ReturnedNever || n.leaf().Mutability == scim.WriteOnly:
		return refuse("the server never gives it back, so it cannot be kept in step")
	}
	return n.finish(refuse)
}

// finish checks the form and gives the name its canonical spelling.
func (n name) finish(refuse func(string, ...any) (name, error)) (name, error) {
	top := n.top
	switch {
	case top.Type != scim.Complex:
		if n.typed {
			return refuse("its values have no type; name it without brackets")
		}
		n.path = top.Path()
	case !top.MultiValued:
		if n.typed {
			return refuse("it has one value; name it without brackets")
		}
		if n.sub == nil {
			return refuse("it has parts; name one of them: %s", parts(top))
		}
		n.path = n.sub.Path()
	default:
		value := top.Sub("value")
		if n.typed && top.Sub("type") == nil {
			return refuse("its values have no type; name it without brackets")
		}
		if n.sub == nil {
			n.sub = value
		}
		if n.sub == nil {
			return refuse(`it has parts; name one of them: %s[type eq "work"].%s`, top.Path(), top.SubAttributes[0].Name)
		}
		if isOneOf(n.sub.Name, "type", "primary") {
			return refuse("it says which value is meant and is not one itself")
		}
		switch {
		case n.typed:
			n.path = typedPath(top, n.typ, n.sub)
		case n.sub == value:
			n.path = top.Path()
		default:
			return refuse(`say of which type: %s[type eq "work"].%s`, top.Path(), n.sub.Name)
		}
	}
	return n, nil
}

func parts(a *scim.Attribute) string {
	var list []string
	for _, s := range a.SubAttributes {
		if s.Mutability != scim.ReadOnly {
			list = append(list, s.Name)
		}
	}
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

func isOneOf(s string, names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return foldEqual(s, n) })
}

func typedPath(top *scim.Attribute, typ string, sub *scim.Attribute) string {
	return top.Path() + `[type eq "` + typ + `"].` + sub.Name
}

// splitName takes a name apart: head[type eq "typ"].sub.
func splitName(s string) (head, typ, sub string, typed, ok bool) {
	head, rest, typed := strings.Cut(s, "[")
	if !typed {
		return s, "", "", false, s != ""
	}
	inner, after, closed := strings.Cut(rest, "]")
	fields := strings.SplitN(strings.TrimSpace(inner), " ", 3)
	if !closed || head == "" || len(fields) != 3 || !foldEqual(fields[0], "type") || !foldEqual(fields[1], "eq") {
		return "", "", "", false, false
	}
	typ = strings.TrimSpace(fields[2])
	if len(typ) < 3 || typ[0] != '"' || typ[len(typ)-1] != '"' || strings.ContainsAny(typ[1:len(typ)-1], `"\`) {
		return "", "", "", false, false
	}
	if after == "" {
		return head, typ[1 : len(typ)-1], "", true, true
	}
	if after[0] != '.' || len(after) == 1 {
		return "", "", "", false, false
	}
	return head, typ[1 : len(typ)-1], after[1:], true, true
}
