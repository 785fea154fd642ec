package scim_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ilumy/usersync/scim"
)

func TestDecodeObject(t *testing.T) {
	tests := []struct {
		name, in, want string
		err            error
	}{
		{"order and spelling stay", ` {"b":1,"A":[true,false,null],"c":{"d":"e"}} `, `{"b":1,"A":[true,false,null],"c":{"d":"e"}}`, nil},
		{"digits stay", `{"a":123456789012345678901234567890,"b":1.10,"c":-0,"d":1E+2}`, `{"a":123456789012345678901234567890,"b":1.10,"c":-0,"d":1E+2}`, nil},
		{"escapes", `{"a":"\u00e9\uD83D\uDE00\/\"\\\b\f\n\r\t\u001f"}`, `{"a":"é😀/\"\\\u0008\u000c\n\r\t\u001f"}`, nil},
		{"empty", `{}`, `{}`, nil},
		{"empty inside", `{"a":[],"b":{}}`, `{"a":[],"b":{}}`, nil},
		{"nothing", ``, ``, scim.ErrInvalidSyntax},
		{"a list", `[]`, ``, scim.ErrInvalidSyntax},
		{"a string", `"a"`, ``, scim.ErrInvalidSyntax},
		{"cut off", `{"a":"b`, ``, scim.ErrInvalidSyntax},
		{"something after", `{} {}`, ``, scim.ErrInvalidSyntax},
		{"comma at the end", `{"a":1,}`, ``, scim.ErrInvalidSyntax},
		{"comma at the end of a list", `{"a":[1,]}`, ``, scim.ErrInvalidSyntax},
		{"no colon", `{"a" 1}`, ``, scim.ErrInvalidSyntax},
		{"name without quotes", `{a:1}`, ``, scim.ErrInvalidSyntax},
		{"duplicate name", `{"a":1,"a":2}`, ``, scim.ErrInvalidSyntax},
		{"duplicate name in another case", `{"userName":"a","USERNAME":"b"}`, ``, scim.ErrInvalidSyntax},
		{"duplicate name inside", `{"a":[{"b":1,"B":2}]}`, ``, scim.ErrInvalidSyntax},
		{"not UTF-8", "{\"a\":\"\xff\"}", ``, scim.ErrInvalidSyntax},
		{"half a surrogate pair", `{"a":"\ud83d"}`, ``, scim.ErrInvalidSyntax},
		{"surrogates the wrong way", `{"a":"\ude00\ud83d"}`, ``, scim.ErrInvalidSyntax},
		{"U+0000", `{"a":"\u0000"}`, ``, scim.ErrInvalidSyntax},
		{"control character", "{\"a\":\"\n\"}", ``, scim.ErrInvalidSyntax},
		{"unknown escape", `{"a":"\x41"}`, ``, scim.ErrInvalidSyntax},
		{"leading zero", `{"a":01}`, ``, scim.ErrInvalidSyntax},
		{"plus", `{"a":+1}`, ``, scim.ErrInvalidSyntax},
		{"point without digits", `{"a":1.}`, ``, scim.ErrInvalidSyntax},
		{"NaN", `{"a":NaN}`, ``, scim.ErrInvalidSyntax},
		{"half a word", `{"a":tru}`, ``, scim.ErrInvalidSyntax},
		{"single quotes", `{'a':1}`, ``, scim.ErrInvalidSyntax},
		{"a number without end", `{"a":` + strings.Repeat("9", 500) + `}`, ``, scim.ErrInvalidSyntax},
		{"too deep", `{"a":` + strings.Repeat(`[`, 20) + strings.Repeat(`]`, 20) + `}`, ``, scim.ErrInvalidSyntax},
		{"much too deep", `{"a":` + strings.Repeat(`[`, 500_000), ``, scim.ErrInvalidSyntax},
		{"too many values", `{"a":[` + strings.Repeat(`1,`, 200_000) + `1]}`, ``, scim.ErrTooLarge},
		{"too long", `{"a":"` + strings.Repeat(`a`, 1<<20) + `"}`, ``, scim.ErrTooLarge},
		{"a large body", `{"a":"` + strings.Repeat(`a`, 20<<10) + `","b":"c","d":[{"b":1},{"b":2}]}`, `{"a":"` + strings.Repeat(`a`, 20<<10) + `","b":"c","d":[{"b":1},{"b":2}]}`, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o, err := scim.DecodeObject([]byte(test.in), nil)
			if !errors.Is(err, test.err) {
				t.Fatalf("got error %v, want %v", err, test.err)
			}
			if err != nil {
				return
			}
			b, err := o.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(b)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Objects with many names cost no more than others: a square of 100,000 would take minutes.
func TestDecodeManyNames(t *testing.T) {
	var sb strings.Builder
	sb.WriteByte('{')
	for i := range 90_000 {
		if i > 0 {
			sb.WriteByte(',')
		}
		sb.WriteString(`"a` + itoa(i) + `":1`)
	}
	sb.WriteString(`}`)
	o, err := scim.DecodeObject([]byte(sb.String()), &scim.Options{Limits: scim.Limits{Body: 2 << 20}})
	if err != nil || o.Len() != 90_000 {
		t.Fatalf("got %d members and %v", o.Len(), err)
	}
	_, err = scim.DecodeObject([]byte(strings.Replace(sb.String(), `"a89999"`, `"A17"`, 1)), &scim.Options{Limits: scim.Limits{Body: 2 << 20}})
	if !errors.Is(err, scim.ErrInvalidSyntax) {
		t.Errorf("a name twice among many: %v", err)
	}
}

// What the decoder takes, encoding/json takes too, and both find the same in it.
func FuzzDecodeObject(f *testing.F) {
	for _, s := range []string{jensen, group, `{"a":[1,-0.5e3,"\u00e9\ud83d\ude00"],"b":{"c":null}}`, `{"a":1,"A":2}`, `{"a":"` + "\xff" + `"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := scim.DecodeObject(b, nil)
		var want map[string]any
		d := json.NewDecoder(strings.NewReader(string(b)))
		d.UseNumber()
		if jsonErr := d.Decode(&want); err != nil {
			var e *scim.Error
			if !errors.As(err, &e) || e.Detail == "" {
				t.Fatalf("not an Error with a detail: %v", err)
			}
			return
		} else if jsonErr != nil {
			t.Fatalf("encoding/json refuses it: %v", jsonErr)
		}
		if diff := cmp.Diff(any(want), plain(o)); diff != "" {
			t.Fatal(diff)
		}
		out, err := o.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := scim.DecodeObject(out, &scim.Options{Limits: scim.Limits{Body: 10 << 20}})
		if err != nil {
			t.Fatalf("it cannot read what it wrote: %v\n%s", err, out)
		}
		if !o.Equal(again) {
			t.Fatalf("it reads something else than it wrote: %s", out)
		}
	})
}

// plain gives a value as encoding/json has it.
func plain(v any) any {
	switch v := v.(type) {
	case *scim.Object:
		m := map[string]any{}
		for name, e := range v.All() {
			m[name] = plain(e)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = plain(v[i])
		}
		return list
	}
	return v
}
