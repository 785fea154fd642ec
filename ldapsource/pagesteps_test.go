package ldapsource_test

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/ldapsource/internal/ldaptest"
	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// A stepLog notes the steps of runs, each with those that it lies in, and how they end.
type stepLog struct {
	mu     sync.Mutex
	begun  map[string]int
	failed map[string]error
	open   int
}

type stepPath struct{}

func (l *stepLog) start(ctx context.Context, s provisioning.Step) (context.Context, func(error)) {
	path := string(s.Name)
	if s.Name == provisioning.StepRead || s.Name == provisioning.StepPage {
		path = fmt.Sprintf("%s %s%s", s.Name, s.Side, s.Kind)
	}
	if s.Page > 0 {
		path += fmt.Sprintf(" %d", s.Page)
	}
	if outer, ok := ctx.Value(stepPath{}).(string); ok {
		path = outer + " > " + path
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begun[path]++
	l.open++
	return context.WithValue(ctx, stepPath{}, path), func(err error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.open--
		if err != nil {
			l.failed[path] = err
		}
	}
}

// planned makes a plan from a source, and gives the steps of it.
func planned(t *testing.T, s provisioning.Source) (*stepLog, error) {
	t.Helper()
	l := &stepLog{begun: map[string]int{}, failed: map[string]error{}}
	r, err := provisioning.New(s, asIs{}, memory.New(nil), &provisioning.Options{Observer: &provisioning.Observer{Start: l.start}})
	require.NoError(t, err)
	_, err = r.Plan(t.Context())
	require.Zero(t, l.open, "steps that did not end")
	return l, err
}

type asIs struct{}

func (asIs) Map(r *provisioning.Record) (*provisioning.Record, error) { return r, nil }

// Every page is a step in the read that it is of.
func TestPagesAreSteps(t *testing.T) {
	const people = 30
	d := ldaptest.NewDirectory(t)
	d.PageCap = 7
	putPeople(d, people)
	slapd := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: people}})
	o := options(slapd)
	o.PageSize = 7
	for name, s := range map[string]*ldapsource.Source{
		"a directory of the tests": plain(t, d, ldapsource.Options{}),
		"slapd":                    newSource(t, slapd.TLSURL, o),
	} {
		t.Run(name, func(t *testing.T) {
			l, err := planned(t, s)
			require.NoError(t, err)
			require.Empty(t, l.failed)
			const pages = (people + 6) / 7 // and perhaps one with nobody
			page := func(n int) int { return l.begun[fmt.Sprintf("plan > read sourceUser > page source %d", n)] }
			for n := range pages {
				require.NotZero(t, page(n+1), "page %d in %v", n+1, l.begun)
			}
			require.Zero(t, page(pages+2), "more pages than there are")
		})
	}
}

// A page that fails ends with its error; one that its reader leaves does not fail.
func TestPagesThatEndEarly(t *testing.T) {
	d := ldaptest.NewDirectory(t)
	d.PageCap = 7
	putPeople(d, 30)
	whole := countBytes(t, d)
	l, err := planned(t, plainAt(t, ldaptest.NewCutter(t, d.URL, whole/2, whole/2, whole/2).URL))
	require.Error(t, err)
	require.NotEmpty(t, l.failed)

	l, err = planned(t, leaving{plain(t, d, ldapsource.Options{})})
	require.NoError(t, err)
	require.NotZero(t, l.begun["plan > read sourceUser > page source 1"])
	require.Empty(t, l.failed)
}

// leaving reads three people and no more.
type leaving struct{ provisioning.Source }

func (s leaving) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		n := 0
		for r, err := range s.Source.Records(ctx, kind) {
			if n++; n > 3 || !yield(r, err) {
				return
			}
		}
	}
}
