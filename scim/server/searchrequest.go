package server

import (
	"encoding/json"
	"strconv"

	"github.com/ilumy/usersync/scim"
)

// decodeSearch reads the body of a POST .search (RFC 7644 section 3.4.3).
func decodeSearch(b []byte, o *scim.Options) (*scim.SearchRequest, error) {
	body, err := scim.DecodeObject(b, o)
	if err != nil {
		return nil, err
	}
	if err := checkMessage(body, scim.SearchRequestSchema, o); err != nil {
		return nil, err
	}
	s := &scim.SearchRequest{
		Filter: body.GetString("filter"), SortBy: body.GetString("sortBy"), SortOrder: body.GetString("sortOrder"),
	}
	if s.Attributes, err = names(body, "attributes"); err != nil {
		return nil, err
	}
	if s.ExcludedAttributes, err = names(body, "excludedAttributes"); err != nil {
		return nil, err
	}
	for name, p := range map[string]**int{"startIndex": &s.StartIndex, "count": &s.Count} {
		switch v := body.Get(name).(type) {
		case nil:
		case json.Number:
			n, err := strconv.Atoi(string(v))
			if err != nil {
				return nil, scim.Errorf(scim.ErrInvalidValue, "%s is not a whole number", name)
			}
			*p = &n
		default:
			return nil, scim.Errorf(scim.ErrInvalidValue, "%s is not a number", name)
		}
	}
	if c, ok := body.Get("cursor").(string); ok {
		s.Cursor = &c
	}
	return s, nil
}

func names(o *scim.Object, name string) ([]string, error) {
	var list []string
	switch v := o.Get(name).(type) {
	case nil:
	case string:
		setList(&list, v)
	case []any:
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return nil, scim.Errorf(scim.ErrInvalidValue, "%s is not a list of names", name)
			}
			list = append(list, s)
		}
	default:
		return nil, scim.Errorf(scim.ErrInvalidValue, "%s is not a list of names", name)
	}
	return list, nil
}
