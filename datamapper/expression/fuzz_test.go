package expression

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzCompile shows that no expression panics or gives two answers for one record; that errors point
// into the expression; and that errors of a run do not tell values.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{
		`Switch([a], "x", "1", [b])`, `Join(",", [a], &HF, -1.5)`, `Replace([a], , "(?<x>.)", "x", "${x}$1")`,
		`IIF([a] = "x" and not([b]) <> 2, AuthoritativeNull, [a] & %p% & $v)`, `Select($i, [b], With($x, $i, $x & [l]))`,
		`FormatDateTime([a], , "yyyy-MM-dd", "o")`, `DateAdd("m", -1, CDate([a]))`, `DNComponentRev([a], 1, "DC")`,
		`IgnoreFlowIfNullOrEmpty(ToLower([b], "tr-TR"))`, `CertThumbprint([a])`, `Word([a], 2, " ") >= 3`,
	} {
		f.Add(s, "2024-01-31", "x|y")
	}
	f.Fuzz(func(t *testing.T, src, a, b string) {
		s := NewScope(&Options{Parameters: map[string]string{"p": "q"}})
		if err := s.Let("l", NewCall("With", &Variable{Name: "z"}, NewAttribute("a"), &Variable{Name: "z"})); err != nil {
			t.Fatal(err)
		}
		if err := s.CompileLets(); err != nil {
			t.Fatal(err)
		}
		n, err := Parse(src)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Offset < 0 || e.Offset > len(src) {
				t.Fatalf("%q: error %#v", src, err)
			}
			return
		}
		program, err := s.Compile(n)
		if err != nil {
			return
		}
		var got [2]string
		for i := range got {
			e := bind(s, []string{"a=" + a, "b=" + b})
			v, err := program.Eval(e)
			got[i] = show(v)
			if err != nil {
				got[i] = err.Error()
				if len(a) > 8 && strings.Contains(err.Error(), a) && !strings.Contains(src, a) {
					t.Errorf("%q: the error tells a value: %v", src, err)
				}
			}
			e.Release()
		}
		if got[0] != got[1] {
			t.Errorf("%q gives %q and %q", src, got[0], got[1])
		}
	})
}

// FuzzTemplate shows that no template panics, and that text without braces is itself.
func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"{a} {b?} {a|Left(3)|ToLower?}", "{{}}", "{a|Replace(\"}\", , , \"{\")}", "{", "x}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		n, err := ParseTemplate(src)
		if err != nil {
			return
		}
		s := NewScope(nil)
		program, err := s.Compile(n)
		if err != nil {
			return
		}
		e := bind(s, []string{"a=x", "b=y"})
		defer e.Release()
		v, err := program.Eval(e)
		if err == nil && !strings.ContainsAny(src, "{}") && v.String() != src {
			t.Errorf("%q gives %q", src, v)
		}
	})
}

// FuzzDate shows that a date that is read is one that .NET can hold, and that it is read back from its own form.
func FuzzDate(f *testing.F) {
	for _, s := range []string{"2020-03-16-07:00", "1/2/2006 3:04:05 PM", "Mon, 2 Jan 2006 15:04:05 GMT", "20060102150405.0Z", "2 Jan 2006", "9999-12-31T23:59:59.9999999"} {
		f.Add(s, "yyyy-MM-dd HH:mm:ss.fffffffK")
	}
	f.Fuzz(func(t *testing.T, s, format string) {
		ticks, err := parseDate(s)
		if err != nil {
			return
		}
		if ticks < 0 || ticks > maxTicks {
			t.Fatalf("%q is %d ticks", s, ticks)
		}
		round, err := newDateFormat("o")
		if err != nil {
			t.Fatal(err)
		}
		if again, _, err := round.parse(round.format(ticks, utc), whites{}); err != nil || again != ticks {
			t.Errorf("%q: %d ticks are read back as %d: %v", s, ticks, again, err)
		}
		df, err := newDateFormat(format)
		if err != nil {
			return
		}
		if out := df.format(ticks, utc); utf8.ValidString(format) && !utf8.ValidString(out) {
			t.Errorf("format %q gives %q", format, out)
		}
		_, _, _ = df.parse(s, whites{leading: true, trailing: true, inner: true})
	})
}

// TestCalendar compares the calendar with the one of package time over random moments.
func TestCalendar(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	format, err := newDateFormat("yyyy-MM-dd HH:mm:ss.fffffff")
	if err != nil {
		t.Fatal(err)
	}
	for range 10_000 {
		ticks := r.Int64N(maxTicks)
		if want, got := timeOf(ticks).Format("2006-01-02 15:04:05.0000000"), format.format(ticks, unzoned); got != want {
			t.Fatalf("%d ticks are %s, want %s", ticks, got, want)
		}
		if got := ticksOf(timeOf(ticks)); got != ticks {
			t.Fatalf("%d ticks come back as %d", ticks, got)
		}
		months := r.Int64N(24) - 12
		v, err := addMonths(ticks, months, 1)
		if err != nil {
			continue
		}
		first := timeOf(ticks).AddDate(0, 0, 1-timeOf(ticks).Day()).AddDate(0, int(months), 0)
		if got := timeOf(v.n); got.Month() != first.Month() || got.Year() != first.Year() {
			t.Fatalf("%v and %d months is %v", timeOf(ticks), months, got)
		}
	}
}
