package provisioning_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

func TestDayLimits(t *testing.T) {
	for _, delta := range []bool{false, true} {
		t.Run(fmt.Sprint("delta ", delta), func(t *testing.T) { dayLimits(t, delta) })
	}
}

func dayLimits(t *testing.T, delta bool) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(100)
		j.opts.FullEvery = 1000 * time.Hour
		if delta {
			j.source = j.src
		}
		j.opts.DayLimits.Deactivate = provisioning.Limit{Count: 30}
		j.clean(t)
		leave := func(from, to int) {
			for n := from; n < to; n++ {
				j.src.Remove(uref(n))
			}
		}
		leave(0, 15)
		j.clean(t)
		time.Sleep(time.Hour)
		leave(15, 30)
		j.clean(t)
		time.Sleep(time.Hour)
		leave(30, 31)
		refused := j.refused(t)
		require.Equal(t, 31, refused.Refusals[0].Number)
		require.Contains(t, refused.Error(), "after 30 in the last 24 hours")
		time.Sleep(22*time.Hour + time.Minute) // The first 15 are no longer of this day.
		j.clean(t)
	})
}

// Every limit of a run can be one of a day, which counts what the runs before it did, and says so.
func TestDayLimitsOfEverySort(t *testing.T) {
	few := provisioning.Limit{Count: 3}
	off := provisioning.Limit{Off: true}
	rename := func(j *job, n int, name string) {
		r := user(n)
		r.Attributes.Set("displayName", name)
		j.src.Put(r)
	}
	for _, c := range []struct {
		option string
		limits provisioning.Limits
		before func(j *job) // of the first run
		do     func(j *job, n int)
	}{
		{"Create", provisioning.Limits{Create: few}, nil, func(j *job, n int) { j.src.Put(user(200 + n)) }},
		{"Adopt", provisioning.Limits{Adopt: few}, nil, func(j *job, n int) {
			j.opts.Policy.Adopt = []provisioning.Match{{Attributes: []string{"userName"}}}
			unlinked := user(300 + n)
			unlinked.ID = provisioning.ID(fmt.Sprint("by hand ", n))
			j.dst.Put(unlinked)
			j.src.Put(user(300 + n))
		}},
		{"Update", provisioning.Limits{Update: few}, nil, func(j *job, n int) { rename(j, n, "Changed") }},
		{"Deactivate", provisioning.Limits{Deactivate: few}, nil, func(j *job, n int) { j.src.Remove(uref(n)) }},
		{"Reactivate", provisioning.Limits{Reactivate: few}, func(j *job) {
			for n := range 10 {
				j.src.Remove(uref(n))
			}
		}, func(j *job, n int) { j.src.Put(user(n)) }},
		{"Delete", provisioning.Limits{Delete: few}, nil, func(j *job, n int) { j.src.Remove(uref(n)) }},
		{"RemoveRefs", provisioning.Limits{RemoveRefs: few}, nil, func(j *job, n int) { j.src.Put(group("g", numbers(20)[n+1:]...)) }},
		{"RemoveRefsEach", provisioning.Limits{RemoveRefsEach: few}, nil, func(j *job, n int) { j.src.Put(group("g", numbers(20)[n+1:]...)) }},
		{`Attributes["displayName"]`, provisioning.Limits{Attributes: map[string]provisioning.Limit{"displayName": few}}, nil,
			func(j *job, n int) { rename(j, n, "Changed") }},
	} {
		t.Run(c.option, func(t *testing.T) {
			j := newJob(50)
			if strings.HasPrefix(c.option, "RemoveRefs") {
				j.src.Put(group("g", numbers(20)...))
			}
			if c.option == "Delete" {
				j.opts.Policy.Gone = map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneDelete}
			}
			j.opts.Limits = provisioning.Limits{Create: off, Update: off, Deactivate: off, Reactivate: off, Delete: off, RemoveRefs: off, RemoveRefsEach: off}
			j.clean(t)
			if c.before != nil {
				c.before(j)
				j.clean(t)
			}
			j.opts.DayLimits = c.limits
			for n := range 3 {
				c.do(j, n)
				j.clean(t)
			}
			c.do(j, 3)
			refused := j.refused(t)
			require.Len(t, refused.Refusals, 1)
			require.Contains(t, refused.Error(), "after 3 in the last 24 hours, which makes 4 of ")
			require.Contains(t, refused.Error(), "at most 3 may be (Options.DayLimits."+c.option+")")
		})
	}
}

// A limit of the day that is narrower than that of a run holds for the first run of the day too, and what both refuse is said once.
func TestDayLimitOfTheFirstRun(t *testing.T) {
	for name, c := range map[string]struct {
		run, day provisioning.Limit
		want     string
	}{
		"the run's is off":   {provisioning.Limit{Off: true}, provisioning.Limit{Count: 10}, "at most 10 may be (Options.DayLimits.Deactivate)"},
		"the run's is wider": {provisioning.Limit{Count: 11}, provisioning.Limit{Count: 10}, "at most 10 may be (Options.DayLimits.Deactivate)"},
		"both are the same":  {provisioning.Limit{Count: 10}, provisioning.Limit{}, "at most 10 may be (Options.Limits.Deactivate)"},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJob(100)
			j.opts.Limits.Deactivate, j.opts.DayLimits.Deactivate = c.run, c.day
			j.clean(t)
			for n := range 11 {
				j.src.Remove(uref(n))
			}
			refused := j.refused(t)
			require.Len(t, refused.Refusals, 1)
			require.ErrorContains(t, refused, c.want)
			j.src.Put(user(0))
			j.clean(t)
		})
	}
}

// What a limit of the day is a share of are the people there are: who left and came back is counted once.
func TestDayLimitPopulation(t *testing.T) {
	for name, back := range map[string]bool{"who left came back": true, "who left is away": false} {
		t.Run(name, func(t *testing.T) {
			j := newJob(100)
			j.opts.DayLimits.Deactivate = provisioning.Limit{Count: 10}
			j.clean(t)
			for n := range 8 {
				j.src.Remove(uref(n))
			}
			j.clean(t)
			if back {
				for n := range 8 {
					j.src.Put(user(n))
				}
				j.clean(t)
			}
			for n := 8; n < 16; n++ {
				j.src.Remove(uref(n))
			}
			refused := j.refused(t)
			require.Equal(t, 100, refused.Refusals[0].Of)
			require.ErrorContains(t, refused, "which makes 16 of 100; at most 10 may be (Options.DayLimits.Deactivate)")
		})
	}
}

// And of references there are as many as there were at once: one that was removed and added again is counted once.
func TestDayLimitPopulationOfReferences(t *testing.T) {
	members := func(j *job, which ...int) { j.src.Put(group("g", which...)) }
	for _, c := range []struct {
		name string
		runs [][]int // who are members, from run to run, before the one that is refused
		want int
	}{
		{"who was removed is away", [][]int{numbers(100)[8:]}, 100},
		{"who was removed came back", [][]int{numbers(100)[8:], numbers(100)}, 100},
		{"who was removed came back twice", [][]int{numbers(100)[8:], numbers(100), numbers(100)[2:], numbers(100)}, 100},
		{"others came for who was removed", [][]int{numbers(100)[8:], numbers(108)[8:]}, 100},
		{"many came before", [][]int{numbers(150), numbers(142)}, 150},
		{"many came after", [][]int{numbers(92), numbers(150)}, 150},
	} {
		for _, delta := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, delta %v", c.name, delta), func(t *testing.T) {
				j := newJob(200)
				if delta {
					j.source = j.src
				}
				members(j, numbers(100)...)
				j.clean(t)
				for _, which := range c.runs {
					members(j, which...)
					j.clean(t)
				}
				j.opts.DayLimits.RemoveRefs = provisioning.Limit{Count: 10}
				last := c.runs[len(c.runs)-1]
				members(j, last[:len(last)-8]...)
				require.Equal(t, c.want, j.refused(t).Refusals[0].Of)
			})
		}
	}
}

// A limit of a day that somebody set does not wait for the first good run, as the default does.
func TestDayLimitBeforeTheFirstGoodRun(t *testing.T) {
	for name, c := range map[string]struct {
		run, day provisioning.Limit
		want     string
	}{
		"of a run":         {run: provisioning.Limit{Count: 10}, want: "it creates 11 Users of 0; at most 10 may be (Options.Limits.Create)"},
		"of a day":         {day: provisioning.Limit{Count: 10}, want: "it creates 11 Users of 0; at most 10 may be (Options.DayLimits.Create)"},
		"a run's is wider": {run: provisioning.Limit{Count: 20}, day: provisioning.Limit{Count: 10}, want: "it creates 11 Users of 0; at most 10 may be (Options.DayLimits.Create)"},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJob(11)
			j.opts.Limits.Create, j.opts.DayLimits.Create = c.run, c.day
			require.ErrorContains(t, j.refused(t), c.want)
			j.src.Remove(uref(0))
			j.clean(t)
		})
	}
}

// A group that loses some of its members in every run is drained as one that loses them at once, and a group beside it is not
// judged by that. So is an attribute that changes for some people in every run.
func TestSlowDrains(t *testing.T) {
	t.Run("of a group", func(t *testing.T) {
		j := newJob(2000)
		j.src.Put(group("all", numbers(2000)...), group("g", numbers(200)...), group("other", numbers(200)...))
		j.clean(t)
		j.src.Put(group("g", numbers(140)...), group("other", numbers(199)...))
		j.clean(t)
		j.src.Put(group("g", numbers(90)...), group("other", numbers(110)...))
		refused := j.refused(t)
		require.Len(t, refused.Refusals, 1)
		g := j.of(t, gref("g")).ID
		require.ErrorContains(t, refused, fmt.Sprintf("it removes 50 of the 140 members of Group %s; that is after 60 in the last 24 hours, which makes 110 of 200; "+
			"at most 100 may be (Options.DayLimits.RemoveRefsEach)", g))
		j.opts.OnRefused = provisioning.StageRisky
		report := j.run(t)
		require.Len(t, report.Staged.Changes, 1)
		require.Equal(t, g, report.Staged.Changes[0].Target)
		require.Len(t, j.of(t, gref("other")).Refs["members"], 110)
		j.src.Put(group("g", numbers(100)...))
		j.clean(t)
	})
	t.Run("of an attribute", func(t *testing.T) {
		j := newJob(100)
		few := provisioning.Limit{Share: 0.1}
		j.opts.Limits.Attributes = map[string]provisioning.Limit{"displayName": few, "userName": few}
		j.clean(t)
		rename := func(from, to int) {
			for n := from; n < to; n++ {
				r := user(n)
				r.Attributes.Set("displayName", "Changed")
				j.src.Put(r)
			}
		}
		rename(0, 6)
		j.clean(t)
		rename(6, 11)
		require.ErrorContains(t, j.refused(t), "it changes displayName of 5 Users, after 6 in the last 24 hours, which makes 11 of 100; "+
			`at most 10 may be (Options.DayLimits.Attributes["displayName"])`)
	})
	t.Run("of one attribute beside another", func(t *testing.T) {
		j := newJob(100)
		j.opts.Limits.Attributes = map[string]provisioning.Limit{"displayName": {Count: 1}}
		j.opts.DayLimits.Attributes = map[string]provisioning.Limit{"userName": {Count: 1}}
		j.clean(t)
		for n := range 2 {
			r := user(n)
			r.Attributes.Set("displayName", "Changed")
			r.Attributes.Set("userName", fmt.Sprint("changed ", n))
			j.src.Put(r)
		}
		var options []string
		for _, r := range j.refused(t).Refusals {
			options = append(options, r.Option)
		}
		require.ElementsMatch(t, []string{`Options.Limits.Attributes["displayName"]`, `Options.DayLimits.Attributes["userName"]`}, options)
	})
}
