package server

import (
	"slices"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/event"
	"github.com/ilumy/usersync/scim/filter"
)

// changed gives the paths of the attributes by which two resources differ, in the order of the schema. Those of a complex
// attribute or an extension are named one by one, those of a list are not. Values do not come into it.
func (t *resourceType) changed(before, after *scim.Resource) []string {
	names := []string{}
	for _, a := range t.Attributes() {
		switch a.Name {
		case "schemas", "id", "meta": // they follow
		default:
			names = appendChanged(names, a, before.Get(a.Name), after.Get(a.Name))
		}
	}
	return names
}

func appendChanged(names []string, a *scim.Attribute, old, new any) []string {
	o, ok := old.(*scim.Object)
	n, also := new.(*scim.Object)
	if !a.MultiValued && (ok || old == nil) && (also || new == nil) && (ok || also) && (a.IsExtension() || ok && also) {
		for _, s := range a.SubAttributes {
			names = appendChanged(names, s, o.Get(s.Name), n.Get(s.Name))
		}
		return names
	}
	if !sameValue(old, new) {
		names = append(names, a.Path())
	}
	return names
}

// sameValue compares values as they are spelled.
func sameValue(a, b any) bool {
	switch a := a.(type) {
	case *scim.Object:
		b, ok := b.(*scim.Object)
		return ok && a.Equal(b)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, sameValue)
	}
	switch b.(type) {
	case *scim.Object, []any:
		return false
	}
	return a == b
}

// activation gives the event of a user that was turned off or on.
func activation(before, after *scim.Resource) []event.Event {
	was, is := before.Get("active") != false, after.Get("active") != false
	switch {
	case was == is:
		return nil
	case is:
		return []event.Event{{Type: event.Activate}}
	}
	return []event.Event{{Type: event.Deactivate}}
}

// shown gives a resource as a GET would.
func (x *exchange) shown(t *resourceType, r *scim.Resource) *scim.Object {
	o := t.shown.Apply(x.link(t, r)).Clone()
	if meta := o.GetObject("meta"); meta != nil {
		meta.Set("location", t.location(x.baseURL(), r.ID()))
	}
	return &o.Object
}

// maxEventData is the size of data in bytes beyond which an event is a notice. Recipients bound what they take.
const maxEventData = 512 << 10

// withData makes a notice full, unless there is too much data.
func withData(notice event.Event, t event.Type, data *scim.Object) event.Event {
	b, err := data.AppendJSON(nil)
	if err != nil || len(b) > maxEventData {
		return notice
	}
	return event.Event{Type: t, Version: notice.Version, Data: data}
}

// fullPatch makes a notice of a PATCH full, if there is anything that may be shown.
func fullPatch(notice event.Event, p *scim.PatchRequest, err error) event.Event {
	if err != nil || len(p.Operations) == 0 {
		return notice
	}
	b, err := p.AppendJSON(nil)
	if err != nil || len(b) > maxEventData {
		return notice
	}
	data, err := scim.DecodeObject(b, &scim.Options{Limits: scim.Limits{Values: len(b)}})
	if err != nil {
		return notice
	}
	return event.Event{Type: event.PatchFull, Version: notice.Version, Data: data}
}

// memberships appends what a Membership does.
func memberships(p *scim.PatchRequest, attribute string, m *scim.Membership) {
	if m.Replace {
		p.Replace(attribute, objects(m.Add))
		return
	}
	if len(m.Add) > 0 {
		p.Add(attribute, objects(m.Add))
	}
	for _, id := range m.Remove {
		path, err := filter.Attr(attribute).Path(filter.Attr("value").Eq(id), "")
		if err == nil {
			p.Remove(path)
		}
	}
}

func objects(list []*scim.Object) []any {
	values := make([]any, len(list))
	for i, o := range list {
		values[i] = o
	}
	return values
}
