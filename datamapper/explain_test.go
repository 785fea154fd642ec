package datamapper

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

const explained = `
version: 1
users:
  scope: employeeID pr
  disabled: {expression: '[status] = "left"'}
  let:
    mailname: {template: "{givenName|ToLower}"}
  attributes:
    userName: {template: "{mailname}@example.com"}
    title: {from: title, onEmpty: clear}
    phone: {from: mobile}
    secret: {expression: 'Redact([bsn])'}
    name.familyName: {from: sn, required: true}
  refs:
    manager: manager
`

func TestExplain(t *testing.T) {
	m, err := Load("m.yaml", []byte(explained), nil)
	require.NoError(t, err)
	src := &provisioning.Record{Kind: "User", ID: "guid-1", Attributes: provisioning.Attributes{
		"employeeID": {"7"}, "givenName": {"Jan"}, "bsn": {"123456782"}, "status": {"active"},
	}, Refs: provisioning.Refs{"manager": {{Kind: "User", ID: "guid-2"}}}}
	e := m.Explain(src)
	want := `User guid-1 is held
  scope            "true"                                                employeeID="7"         m.yaml:4:10
  disabled         "false"                                               status="active"        m.yaml:5:14
  let mailname     "jan"                                                 givenName="Jan"        m.yaml:7:5
  userName         "jan@example.com"                                     mailname="jan"         m.yaml:9:5
  title            cleared                                               title=nothing          m.yaml:10:5
  phone            left alone                                            mobile=nothing         m.yaml:11:5
  secret           "[Redact]"                                            bsn="[Redact]"         m.yaml:12:5
  name.familyName  held: a value is required, and sn gives none          sn=nothing             m.yaml:13:5
  manager          "guid-2"                                              manager="guid-2"       m.yaml:15:5
`
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if diff := cmp.Diff(squeeze(want), squeeze(e.String())); diff != "" {
		t.Errorf("(-want +got)\n%s\n%s", diff, e)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("explained", "explanation", e)
	if strings.Contains(log.String(), "jan") || !strings.Contains(log.String(), "guid-1") {
		t.Errorf("the log shows %s", log.String())
	}
	delete(src.Attributes, "employeeID")
	if e := m.Explain(src); !errors.Is(e.Err, provisioning.SkipRecord) || !strings.Contains(e.String(), "out of scope") {
		t.Errorf("out of scope: %v", e)
	}
}

func TestTests(t *testing.T) {
	const tests = explained + `
tests:
  - name: somebody who left
    in: {id: "9", employeeID: 7, givenName: Jan, sn: Smit, status: left, manager: guid-2, title: []}
    want: {active: false, userName: jan@example.com, title: [], phone: , manager: guid-2}
  - {name: a service account, in: {givenName: svc}, want: skipped}
  - {name: no surname, in: {employeeID: 7, givenName: Jan, status: x}, want: held}
`
	_, err := Load("m.yaml", []byte(tests), nil)
	require.NoError(t, err)
	const wrong = explained + `
tests:
  - name: somebody
    in: {employeeID: 7, givenName: Jan, sn: Smit, status: here, mobile: [a, b]}
    want:
      active: false
      userName: jan@example.org
      title:
      phone: [a]
      fax: x
      manager: guid-2
  - {name: a service account, in: {givenName: svc}, want: held}
  - {name: no surname, in: {employeeID: 7, givenName: Jan, status: x}, want: {title: []}}
  - {name: a group, kind: Group, in: {}, want: mapped}
`
	_, err = Load("m.yaml", []byte(wrong), nil)
	want := `m.yaml:21:7: test: active of somebody is "true", want "false"
m.yaml:22:7: test: userName of somebody is "jan@example.com", want "jan@example.org"
m.yaml:23:7: test: title of somebody is cleared, want it left alone
m.yaml:24:7: test: phone of somebody is ["a" "b"], want "a"
m.yaml:25:7: test: fax of somebody cannot be wanted: there is no rule for it
m.yaml:26:7: test: manager of somebody is left alone, want "guid-2"
m.yaml:27:59: test: a service account is skipped, want held
m.yaml:28:79: test: no surname is held (name.familyName (m.yaml:13:5): a value is required, and sn gives none)
m.yaml:29:6: there are no rules for kind Group`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestValidity(t *testing.T) {
	m, err := Load("m.yaml", []byte(users(`
  validFrom: {from: hired}
  validUntil: {from: leaves, onEmpty: clear}
  attributes: {x: {value: y}}
`)), nil)
	require.NoError(t, err)
	day := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name          string
		hired, leaves []string
		from, until   time.Time
		err           string
	}{
		{"days", []string{"2026-11-30"}, []string{"2026-11-30"}, day, day.AddDate(0, 0, 1), ""},
		{"moments", []string{"2026-11-30T00:00+01:00"}, []string{"11/30/2026 12:00 PM"}, day.Add(-time.Hour), day.Add(12 * time.Hour), ""},
		{"nothing", nil, nil, day.AddDate(1, 0, 0), time.Time{}, ""},
		{"not a date", []string{"soon"}, nil, time.Time{}, time.Time{}, "validFrom (m.yaml:4:15): a text that is not a date where a date is expected; FormatDateTime reads other forms"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src := person(provisioning.Attributes{"hired": tt.hired, "leaves": tt.leaves})
			src.ValidFrom, src.ValidUntil = day.AddDate(1, 0, 0), day.AddDate(2, 0, 0)
			got, err := m.Map(src)
			if tt.err != "" {
				require.EqualError(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			if !got.ValidFrom.Equal(tt.from) || !got.ValidUntil.Equal(tt.until) {
				t.Errorf("from %v until %v", got.ValidFrom, got.ValidUntil)
			}
		})
	}
}

func TestCreateOnly(t *testing.T) {
	m, err := Load("m.yaml", []byte(users("  attributes:\n    locale: {value: nl-NL, apply: create}\n    title: {from: title, apply: always}\n")), nil)
	require.NoError(t, err)
	if diff := cmp.Diff([]string{"locale"}, m.CreateOnly()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	_, err = Load("m.yaml", []byte(users("  key: {from: id, apply: create}\n  attributes: {locale: {value: x, apply: create}}\n")+
		"groups:\n  attributes: {locale: {value: x}, y: {value: z, apply: once}}\n"), nil)
	require.EqualError(t, err, `m.yaml:3:9: key is not an attribute, so that apply: create is not possible
m.yaml:6:16: locale has apply: create for another kind, and that holds for all kinds; write it here too
m.yaml:6:57: apply is always, or create (only when the record is made), not "once"`)
}

func TestWarnings(t *testing.T) {
	m, err := Load("m.yaml", []byte(users(`  let: {a: mail, b: {template: "{sn}"}}
  attributes:
    x: {expression: 'IIF([c] = "NL", [b], Coalesce([d], "x"))'}
`)), nil)
	require.NoError(t, err)
	want := `m.yaml:3:12: a is not used
m.yaml:5:26: IIF fails for a record without c, which is held then; Coalesce([c], "…") or Switch([c], …, "", …) does not`
	if diff := cmp.Diff(want, m.Warnings().Error()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestConcurrent shows that one Mapping serves many goroutines, and that values of one record never appear in another.
func TestConcurrent(t *testing.T) {
	m, err := Load("m.yaml", []byte(benchRules), nil)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 300 {
				user := benchUser()
				name := strings.Repeat("x", g+1) + strings.Repeat("y", i%7)
				user.Attributes["givenName"] = []string{name}
				user.Attributes["Attribute"+name] = []string{"unknown"}
				if i%3 == 0 {
					delete(user.Attributes, "title")
				}
				got, err := m.Map(user)
				if err != nil || got.Attributes.Get("userName") != name+".vandermeer@example.com" || len(got.Attributes["title"]) == 0 != (i%3 == 0) {
					t.Errorf("%v, error %v", got.Attributes, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// FuzzLoad shows that no file panics, and that what loads maps, twice the same.
func FuzzLoad(f *testing.F) {
	for _, s := range []string{whole, explained, benchRules, "version: 1\nusers: {attributes: {a: {switch: b, table: {c: [d]}}}}\n", "{\"version\": 1, \"groups\": {\"refs\": {\"members\": \"m\"}}}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Load("m.yaml", data, nil)
		if err != nil {
			var mistakes Mistakes
			if !errors.As(err, &mistakes) || len(mistakes) == 0 {
				t.Fatalf("error %#v", err)
			}
			return
		}
		for _, kind := range m.Kinds() {
			src := benchUser()
			src.Kind = kind
			a, err1 := m.Map(src)
			b, err2 := m.Map(src)
			if diff := cmp.Diff(a, b); diff != "" || (err1 == nil) != (err2 == nil) {
				t.Errorf("two results (-first +second)\n%s\n%v, %v", diff, err1, err2)
			}
			if text := m.Explain(src).String(); text == "" {
				t.Error("nothing explained")
			}
		}
	})
}
