package scim_test

import (
	"strconv"
	"testing"

	"github.com/ilumy/usersync/scim"
)

func itoa(n int) string { return strconv.Itoa(n) }

// resource reads a stored resource, without any check.
func resource(t testing.TB, s string) *scim.Resource {
	t.Helper()
	var r scim.Resource
	if err := r.UnmarshalJSON([]byte(s)); err != nil {
		t.Fatal(err)
	}
	return &r
}

func text(t testing.TB, r *scim.Resource) string {
	t.Helper()
	b, err := r.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// compact gives a JSON object without the space between its parts.
func compact(t testing.TB, s string) string {
	t.Helper()
	return text(t, resource(t, s))
}

// member gives the value of a name as JSON, "" if it is absent.
func member(t testing.TB, r *scim.Resource, name string) string {
	t.Helper()
	v := r.Get(name)
	if v == nil {
		return ""
	}
	b, err := scim.NewObject(scim.Member{Name: "v", Value: v}).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(b[5 : len(b)-1])
}
