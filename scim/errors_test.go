package scim_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ilumy/usersync/scim"
)

func TestError(t *testing.T) {
	err := fmt.Errorf("create: %w", scim.Errorf(scim.ErrUniqueness, "userName is taken: %w", io.EOF))
	if !errors.Is(err, scim.ErrUniqueness) || !errors.Is(err, io.EOF) || errors.Is(err, scim.ErrConflict) || errors.Is(err, scim.ErrVersion) {
		t.Errorf("it is of the wrong class: %v", err)
	}
	var e *scim.Error
	if !errors.As(err, &e) {
		t.Fatal("it is no Error")
	}
	b, jsonErr := json.Marshal(e)
	want := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":"uniqueness","detail":"userName is taken: EOF","status":"409"}`
	if diff := cmp.Diff(want, string(b)); diff != "" || jsonErr != nil {
		t.Errorf("%v %s", jsonErr, diff)
	}
	tests := []struct {
		name, in string
		want     *scim.Error
	}{
		{"as it is written", want, &scim.Error{Status: 409, Type: "uniqueness", Detail: "userName is taken: EOF"}},
		{"a number as status", `{"status":404,"detail":"gone"}`, &scim.Error{Status: 404, Detail: "gone"}},
		{"no status", `{"detail":"x"}`, nil},
		{"no error", `[]`, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got scim.Error
			err := json.Unmarshal([]byte(test.in), &got)
			if (err == nil) != (test.want != nil) {
				t.Fatalf("got error %v", err)
			}
			if test.want != nil {
				if diff := cmp.Diff(test.want, &got); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestPath(t *testing.T) {
	user := scim.NewUserType()
	r := resource(t, person)
	tests := []struct {
		path string
		want []any
		err  error
	}{
		{"userName", []any{"bJensen@example.com"}, nil},
		{"emails.value", []any{"b@Work.example", "b@home.example"}, nil},
		{`emails[type eq "work"].VALUE`, []any{"b@Work.example"}, nil},
		{`emails[type eq "other"].value`, nil, nil},
		{scim.EnterpriseUserSchema + ":manager.displayName", []any{"John"}, nil},
		{"nickName", nil, nil},
		{"name.shoe", nil, scim.ErrInvalidPath},
		{`emails[type eq "work"].shoe`, nil, scim.ErrInvalidPath},
		{`userName[value eq "x"]`, nil, scim.ErrInvalidPath},
		{`emails[shoe eq "x"]`, nil, scim.ErrInvalidFilter},
		{`emails[`, nil, scim.ErrInvalidPath},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			p, err := user.ParsePath(test.path, nil)
			if !errors.Is(err, test.err) {
				t.Fatalf("got error %v, want %v", err, test.err)
			} else if err != nil {
				return
			}
			if diff := cmp.Diff(test.want, p.Values(r)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// What a deviation or an error tells may be logged, so it holds no value of a person.
func TestNothingPersonalIsTold(t *testing.T) {
	const secret = "jo.secret@example.com"
	user := scim.NewUserType()
	for _, ops := range []string{
		`[{"op":"add","value":{"emails[value eq \"` + secret + `\"].type":"work"}}]`,
		`[{"op":"add","path":"shoes[value eq \"` + secret + `\"]","value":"x"}]`,
		`[{"op":"add","path":"emails[value eq \"` + secret + `\"].shoe","value":"x"}]`,
		`[{"op":"add","path":"emails[value is \"` + secret + `\"]","value":"x"}]`,
		`[{"op":"replace","path":"emails[value eq \"` + secret + `\" or type pr].type","value":"x"}]`,
		`[{"op":"replace","path":"active","value":"` + secret + `"}]`,
		`[{"op":"replace","path":"meta.created","value":"` + secret + `"}]`,
		`[{"op":"replace","path":"name","value":"` + secret + `"}]`,
	} {
		for _, dialect := range []scim.Dialect{scim.Tolerant, scim.Strict} {
			told := ""
			_, _, err := patched(t, user, bare, ops, &scim.Options{Dialect: dialect, Tolerated: func(d scim.Deviation) { told += d.Path + " " }})
			if said := told + fmt.Sprint(err); strings.Contains(said, "secret") {
				t.Errorf("%s: it tells %s", ops, said)
			}
		}
	}
	for _, f := range []string{`userName eq "` + secret, `userName is "` + secret + `"`, `meta.created gt "` + secret + `"`, `userName eq ` + secret + ` x`, `active eq "` + secret + `"`} {
		if _, err := user.ParseFilter(f, nil); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: it tells %v", f, err)
		}
	}
}
