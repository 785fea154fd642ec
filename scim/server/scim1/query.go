package scim1

import (
	"strings"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/filter"
	"github.com/ilumy/usersync/scim/server"
)

// query2 gives a query with the names of SCIM 2.0. It leaves out cursors, which 1.1 does not have.
func (h *Handler) query2(raw string) (string, error) {
	if raw == "" {
		return "", nil
	}
	return server.RewriteQuery(raw, func(name, value string) (_ string, keep bool, err error) {
		switch {
		case strings.EqualFold(name, "cursor"):
			return "", false, nil
		case strings.EqualFold(name, "filter"):
			value, err = h.filter2(value)
		case strings.EqualFold(name, "sortBy"):
			value = path2(strings.TrimSpace(value))
		case strings.EqualFold(name, "attributes"), strings.EqualFold(name, "excludedAttributes"):
			names := strings.Split(value, ",")
			for i := range names {
				names[i] = path2(strings.TrimSpace(names[i]))
			}
			value = strings.Join(names, ",")
		}
		return value, true, err
	})
}

// filter2 gives a filter with the names of SCIM 2.0. What cannot be parsed is left as it is, for the Handler behind to say what is wrong.
func (h *Handler) filter2(s string) (string, error) {
	l := h.limits
	e, err := filter.Parse(s, &filter.Options{MaxLength: l.FilterLength, MaxDepth: l.FilterDepth, MaxTerms: l.FilterTerms})
	if err != nil {
		return s, nil
	}
	if form := newer(e); form != "" {
		return "", scim.Errorf(scim.ErrInvalidFilter, "a filter of SCIM 1.1 has no %s; it has eq, co, sw, pr, gt, ge, lt, le, and, or", form)
	}
	return renamed(s), nil
}

// newer tells which form of SCIM 2.0 is in a filter; "" if none.
func newer(e filter.Expression) string {
	switch e := e.(type) {
	case *filter.NotExpression:
		return "not"
	case *filter.ValuePath:
		return "filter in brackets"
	case *filter.LogicalExpression:
		if form := newer(e.Left); form != "" {
			return form
		}
		return newer(e.Right)
	case *filter.AttributeExpression:
		if e.Operator == filter.NE || e.Operator == filter.EW {
			return string(e.Operator)
		}
	}
	return ""
}

// renamed gives a filter that can be parsed with its names changed and nothing else, so that it is judged as it was sent.
func renamed(s string) string {
	const ( // what comes next
		name = iota
		operator
		value
		conjunction
	)
	var b strings.Builder
	next := name
	for s != "" {
		n := 1
		switch c := s[0]; c {
		case ' ', '(', ')':
			b.WriteByte(c)
			s = s[n:]
			continue
		case '"':
			n = quoted(s)
		default:
			if n = strings.IndexAny(s, ` ()"`); n < 0 {
				n = len(s)
			}
		}
		word := s[:n]
		s = s[n:]
		switch next {
		case name:
			word = path2(word)
		case operator:
			if strings.EqualFold(word, "pr") {
				next = value
			}
		}
		b.WriteString(word)
		next = (next + 1) % (conjunction + 1)
	}
	return b.String()
}

// quoted is the length of the string that s begins with.
func quoted(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}
