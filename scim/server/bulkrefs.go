package server

import (
	"strings"

	"github.com/ilumy/usersync/scim"
)

// bulkPrefix begins a value that stands for the id of a resource which another operation of the same request
// creates (RFC 7644 section 3.7.2).
const bulkPrefix = "bulkId:"

// references gives the bulkIds that an operation refers to, in its path and its data.
func references(op *bulkOp) []string {
	var list []string
	add := func(s string) {
		for {
			i := strings.Index(s, bulkPrefix)
			if i < 0 {
				return
			}
			id := cutBulkID(s[i+len(bulkPrefix):])
			list, s = append(list, id), s[i+len(bulkPrefix)+len(id):]
		}
	}
	add(op.path)
	eachText(op.data, "", func(name, s string) {
		if strings.HasPrefix(s, bulkPrefix) || name == "path" {
			add(s)
		}
	})
	return list
}

// cutBulkID gives the bulkId that a text begins with: up to what ends it in a path or a filter.
func cutBulkID(s string) string {
	if i := strings.IndexAny(s, `"/]) `); i >= 0 {
		return s[:i]
	}
	return s
}

// eachText calls f with every string in a value and the name it is under.
func eachText(v any, name string, f func(name, s string)) {
	switch v := v.(type) {
	case string:
		f(name, v)
	case *scim.Object:
		for name, v := range v.All() {
			eachText(v, name, f)
		}
	case []any:
		for _, e := range v {
			eachText(e, name, f)
		}
	}
}

// resolveText puts ids in place of the bulkIds in a text. Within says that they may be anywhere in it, as in the path
// of a PATCH.
func (run *bulkRun) resolveText(s string, within bool) string {
	if !within && !strings.Contains(s, bulkPrefix) {
		return s
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, bulkPrefix)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		id := cutBulkID(after)
		if other := run.creates[id]; other != nil && other.id != "" {
			b.WriteString(other.id)
		} else {
			b.WriteString(bulkPrefix + id)
		}
		s = after[len(id):]
	}
}

// resolveObject puts ids in place of the bulkIds in data. With drop, a value that holds one which is not yet known is left
// out: of a list that value, else the attribute.
func (run *bulkRun) resolveObject(o *scim.Object, drop bool) {
	if o == nil {
		return
	}
	names := make([]string, 0, o.Len())
	for name := range o.All() {
		names = append(names, name)
	}
	for _, name := range names {
		if v, ok := run.resolveValue(name, o.Get(name), drop); ok {
			o.Set(name, v)
		} else {
			o.Delete(name)
		}
	}
}

func (run *bulkRun) resolveValue(name string, v any, drop bool) (_ any, ok bool) {
	switch v := v.(type) {
	case string:
		if !strings.HasPrefix(v, bulkPrefix) && name != "path" {
			return v, true
		}
		s := run.resolveText(v, name == "path")
		return s, !drop || !strings.HasPrefix(s, bulkPrefix)
	case *scim.Object:
		if id := v.GetString("value"); drop && strings.HasPrefix(id, bulkPrefix) && strings.HasPrefix(run.resolveText(id, false), bulkPrefix) {
			return nil, false
		}
		run.resolveObject(v, drop)
		return v, true
	case []any:
		kept := make([]any, 0, len(v))
		for _, e := range v {
			if e, ok := run.resolveValue(name, e, drop); ok {
				kept = append(kept, e)
			}
		}
		return kept, true
	}
	return v, true
}
