package server

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/ilumy/usersync/scim"
)

// params reads the parameters of RFC 7644 section 3.4.2 and RFC 9865 from the URL. Others are ignored (Entra ID
// sends aadOptscim062020); of one that is there twice the first counts. The query is taken apart here since
// [url.ParseQuery] drops a filter with a semicolon in it.
func params(rawQuery string, strict bool) (*scim.SearchRequest, error) {
	s := &scim.SearchRequest{}
	err := eachParam(rawQuery, func(name, value string) error {
		if strict && value == "" && strings.EqualFold(name, "filter") {
			return scim.Errorf(scim.ErrInvalidFilter, "the filter is empty")
		}
		return setParam(s, name, value)
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// eachParam calls f with each parameter of a query, until it fails.
func eachParam(rawQuery string, f func(name, value string) error) error {
	for rawQuery != "" {
		var pair string
		pair, rawQuery, _ = strings.Cut(rawQuery, "&")
		name, value, _ := strings.Cut(pair, "=")
		name, err1 := url.QueryUnescape(name)
		value, err2 := unescape(value)
		if err1 != nil || err2 != nil {
			return scim.Errorf(scim.ErrInvalidSyntax, "the query of the URL has a percent sign that escapes nothing")
		}
		if err := f(name, value); err != nil {
			return err
		}
	}
	return nil
}

// unescape reads a value. A plus is a blank, as forms have it, unless blanks are written as %20: then it is a plus (RFC 3986
// section 2.2), for clients that do not escape it in the mail address of a filter.
func unescape(s string) (string, error) {
	if strings.Contains(s, "%20") {
		return url.PathUnescape(s)
	}
	return url.QueryUnescape(s)
}

func setParam(s *scim.SearchRequest, name, value string) error {
	switch {
	case strings.EqualFold(name, "attributes"):
		setList(&s.Attributes, value)
	case strings.EqualFold(name, "excludedAttributes"):
		setList(&s.ExcludedAttributes, value)
	case strings.EqualFold(name, "filter"):
		setText(&s.Filter, value)
	case strings.EqualFold(name, "sortBy"):
		setText(&s.SortBy, value)
	case strings.EqualFold(name, "sortOrder"):
		setText(&s.SortOrder, value)
	case strings.EqualFold(name, "startIndex"):
		return setInt(&s.StartIndex, "startIndex", value, scim.ErrInvalidValue)
	case strings.EqualFold(name, "count"):
		return setInt(&s.Count, "count", value, scim.ErrInvalidValue)
	case strings.EqualFold(name, "cursor"):
		if s.Cursor == nil {
			s.Cursor = &value
		}
	}
	return nil
}

func setText(p *string, value string) {
	if *p == "" {
		*p = value
	}
}

func setList(p *[]string, value string) {
	if *p != nil {
		return
	}
	for name := range strings.SplitSeq(value, ",") {
		if name = strings.TrimSpace(name); name != "" {
			*p = append(*p, name)
		}
	}
}

// setInt reads a number. One that is too large for an int is the largest: it asks for all there is.
func setInt(p **int, name, value string, class error) error {
	if *p != nil || value == "" {
		return nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil {
		if ne, ok := err.(*strconv.NumError); !ok || ne.Err != strconv.ErrRange {
			return scim.Errorf(class, "%s is not a whole number", name)
		}
	}
	*p = &n
	return nil
}
