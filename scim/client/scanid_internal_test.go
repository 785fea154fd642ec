package client

import (
	"testing"

	"github.com/ilumy/usersync/scim"
)

// FuzzScanID: where an id is found without reading the rest, it is the one that reading all of it gives.
func FuzzScanID(f *testing.F) {
	for _, s := range []string{
		`{"id":"2819c223"}`, ` {"schemas":["id"],"name":{"id":"inner"},"ID":"x"}`, `{"id":"a","id":"b"}`, `{"id":"a\"b"}`, `{"id":7}`, `{"a":"\\","id" : "x" }` + "\n",
		`{"id":"a"`, `{"id":"a"}x`, `[{"id":"a"}]`, `{"x":"id","y":"z"}`, `<html>"id":"x"`, `{"i\u0064":"x","id":"y"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		id, ok := scanID(body)
		o, err := scim.DecodeObject(body, nil)
		if ok && err == nil && o.GetString("id") != id {
			t.Errorf("%q: id %q, want %q", body, id, o.GetString("id"))
		}
	})
}

func TestScanID(t *testing.T) {
	for body, want := range map[string]string{
		`{"id":"2819c223"}`: "2819c223",
		`{"schemas":["id"],"name":{"id":"inner"},"Id" : "x"}` + "\n": "x",
		`{"id":"a"`:    "",
		`{"id":"a"}x`:  "",
		`[{"id":"a"}]`: "",
		`"id"`:         "",
		``:             "",
	} {
		if id, ok := scanID([]byte(body)); id != want || ok != (want != "") {
			t.Errorf("%q: %q, %t; want %q", body, id, ok, want)
		}
	}
}
