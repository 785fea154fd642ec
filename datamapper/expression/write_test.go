package expression

import (
	"strings"
	"testing"
)

// FuzzEdit shows that functions that change a text in place give what they give for a string, and leave what stands before it.
func FuzzEdit(f *testing.F) {
	for _, s := range []string{"", " ", "Zoë van der Meer", "  ÅNGSTRÖM\t", "e\u0301x \u0301", "straße İSTANBUL ıK", "a\xffÉ ", "\u2003x\u2003"} {
		f.Add(s, "é ")
	}
	table := functions()
	f.Fuzz(func(t *testing.T, s, before string) {
		for _, fn := range table {
			if fn.edit == nil {
				continue
			}
			if got, want := string(fn.edit([]byte(before+s), len(before))), before+fn.one(s); got != want {
				t.Errorf("%s of %q behind %q is %q in place, want %q", fn.name, s, before, got, want)
			}
		}
	})
}

// TestNestedTexts shows that functions within each other, which write into one text, give what they give alone.
func TestNestedTexts(t *testing.T) {
	half := strings.Repeat("x", MaxText/2)
	for _, tt := range []struct{ name, in, want, err string }{
		{name: "empty and null inside", in: `Join("-", Join("+", [none]), [a], StripSpaces([blank]), Join("+", "", [b]))`, want: "Ann-y"},
		{name: "several values inside", in: `Join("-", ToLower([l]), ToLower(Join("+", ToUpper([l]), [a])))`, want: "p-q-p+q+ann"},
		{name: "null around", in: `ToLower(StripSpaces(NormalizeDiacritics([none])))`, want: "null"},
		{name: "empty around", in: `ToLower(Join("-", [none]))`, want: ""},
		{name: "diacritics around", in: `ToUpper(NormalizeDiacritics(Join(" ", "É", ToLower([a]))))`, want: "E ANN"},
		{name: "twice the same", in: `Join(",", Trim(Join(" ", [blank], [a])), Trim(Join(" ", [blank], [a])))`, want: "Ann,Ann"},
		{name: "too long inside", in: `Join("-", [a], ToLower(Join("-", [half], [half])))`, err: "Join: the value becomes too long (256 KiB for a text, 1 MiB for a list)"},
		{name: "too long outside", in: `Join("-", ToLower(StripSpaces([half])), ToLower(StripSpaces([half])))`, err: "Join: the value becomes too long (256 KiB for a text, 1 MiB for a list)"},
		{name: "as long as is allowed", in: `CStr(Len(Join("", ToLower(StripSpaces([half])), ToLower(StripSpaces([half])))))`, want: "262144"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, s, err := Compile(tt.in, nil)
			if err != nil {
				t.Fatal(err)
			}
			e := s.Env()
			defer e.Release()
			e.SetAll(map[string][]string{"a": {"Ann"}, "b": {"y"}, "blank": {"  "}, "l": {"P", "Q"}, "half": {half}})
			v, err := p.Eval(e)
			switch {
			case tt.err != "":
				if err == nil || err.Error() != tt.err {
					t.Errorf("error %v, want %s", err, tt.err)
				}
			case err != nil:
				t.Error(err)
			case v.Kind() == Null && tt.want != "null":
				t.Error("null")
			case v.Kind() != Null && v.String() != tt.want:
				t.Errorf("%q, want %q", v, tt.want)
			}
		})
	}
}
