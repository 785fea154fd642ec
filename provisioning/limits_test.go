package provisioning_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// A limit that bounds nothing, and does not say so, is a mistake: whoever wrote it believes to be safe.
func TestLimitsThatBoundNothing(t *testing.T) {
	one := map[string]provisioning.Limit{"mail": {Count: 1}}
	for name, c := range map[string]struct {
		run, day provisioning.Limits
		want     string
	}{
		"a population alone": {run: provisioning.Limits{Deactivate: provisioning.Limit{Population: 500}},
			want: "option Limits.Deactivate: it bounds nothing; give it a Count or a Share, or set Off"},
		"an attribute's zero": {run: provisioning.Limits{Attributes: map[string]provisioning.Limit{"mail": {}}},
			want: `option Limits.Attributes["mail"]: it bounds nothing; give it a Count or a Share, or set Off`},
		"both off and a number": {day: provisioning.Limits{Delete: provisioning.Limit{Off: true, Count: 3}},
			want: "option DayLimits.Delete: it is Off and has numbers; leave one of them out"},
		"a share that is no number":   {run: provisioning.Limits{Update: provisioning.Limit{Share: math.NaN()}}, want: "option Limits.Update: count 0"},
		"a floor that is no number":   {run: provisioning.Limits{SourceFloor: math.NaN()}, want: "option Limits.SourceFloor is NaN; want at most 1"},
		"a day's floor of the source": {day: provisioning.Limits{SourceFloor: 0.9}, want: "option DayLimits.SourceFloor is one of a single read; set it in Limits"},
		"a day's floor of the sink":   {day: provisioning.Limits{SinkFloor: -1}, want: "option DayLimits.SinkFloor is one of a single read; set it in Limits"},
		"a day's canaries":            {day: provisioning.Limits{Canaries: []provisioning.Ref{uref(1)}}, want: "option DayLimits.Canaries is one of a single read; set it in Limits"},
		"none of them": {run: provisioning.Limits{Attributes: one, Delete: provisioning.Limit{Off: true}, Update: provisioning.Limit{Share: 0.1, Population: 10}, SourceFloor: -1},
			day: provisioning.Limits{Attributes: map[string]provisioning.Limit{"mail": {}}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := provisioning.New(memory.New(nil), asIs, memory.New(nil), &provisioning.Options{Limits: c.run, DayLimits: c.day})
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
		})
	}
}

// A share is taken of at least as many as the limit says, and of as many as there are when these are more.
func TestLimitPopulation(t *testing.T) {
	for population, most := range map[int]int{0: 4, 20: 4, 40: 4, 60: 6, 100: 10} {
		for _, n := range []int{most, most + 1} {
			j := newJob(40)
			j.opts.Limits.Deactivate = provisioning.Limit{Share: 0.1, Population: population}
			j.clean(t)
			for i := range n {
				j.src.Remove(uref(i))
			}
			if n == most {
				j.clean(t)
				continue
			}
			require.Equal(t, most, j.refused(t).Refusals[0].Limit, "population %d", population)
		}
	}
}
