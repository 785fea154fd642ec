package provisioning_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

type stepKey struct{}

// The context that a step gives goes into what the connector is asked in it, and each step ends.
func TestSteps(t *testing.T) {
	var mu sync.Mutex
	calls := map[string]bool{}
	open := 0
	start := func(ctx context.Context, s provisioning.Step) (context.Context, func(error)) {
		mu.Lock()
		defer mu.Unlock()
		open++
		outer, _ := ctx.Value(stepKey{}).(string)
		return context.WithValue(ctx, stepKey{}, fmt.Sprintf("%s/%s%s%s", outer, s.Name, s.Side, s.Op)), func(error) {
			mu.Lock()
			defer mu.Unlock()
			open--
		}
	}
	fault := func(ctx context.Context, c memory.Call) error {
		mu.Lock()
		defer mu.Unlock()
		calls[fmt.Sprint(ctx.Value(stepKey{}), " ", c.Name)] = true
		return nil
	}
	j := newJob(3)
	j.src, j.dst = memory.New(&memory.Options{Fault: fault}), memory.New(&memory.Options{Fault: fault})
	j.src.Put(user(1), group("g", 1))
	j.source, j.sink = j.src, j.dst
	j.opts.Observer = provisioning.Observers(&provisioning.Observer{}, nil, &provisioning.Observer{Start: start})
	j.run(t)
	j.src.Remove(uref(1))
	j.run(t)
	want := []string{
		"/run/plan/readsink Find", "/run/plan/readsink Records", "/run/plan/readsource Records",
		"/run/writecreate Create", "/run/writecreate EditRefs", "/run/writedeactivate Deactivate", "/run/writeupdate EditRefs",
	}
	var got []string
	for call := range calls {
		got = append(got, call)
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls in their steps (-want +got):\n%s", diff)
	}
	require.Zero(t, open, "steps that did not end")
}

// Joined observers are all told, in their order; their steps end the other way round.
func TestObservers(t *testing.T) {
	var told []string
	one := func(name string) *provisioning.Observer {
		say := func(what string) { told = append(told, name+" "+what) }
		return &provisioning.Observer{
			Start: func(ctx context.Context, s provisioning.Step) (context.Context, func(error)) {
				if s.Name != provisioning.StepRun {
					return ctx, func(error) {}
				}
				say("start")
				return ctx, func(error) { say("end") }
			},
			Reading: func(_ context.Context, side string, kind provisioning.Kind, n int) {
				if kind == provisioning.User && side == "source" {
					say("reading")
				}
			},
			Planned:  func(context.Context, *provisioning.Plan) { say("planned") },
			Applying: func(context.Context, *provisioning.Plan) { say("applying") },
			Written:  func(context.Context, *provisioning.Result) { say("written") },
			Applied:  func(context.Context, *provisioning.Result) { say("applied") },
			Finished: func(context.Context, *provisioning.Report) { say("finished") },
		}
	}
	j := newJob(1)
	j.src.Put(group("g", 0))
	j.opts.Observer = provisioning.Observers(one("a"), nil, one("b"))
	j.run(t)
	want := []string{
		"a start", "b start", "a reading", "b reading", "a planned", "b planned", "a applying", "b applying", "a applied", "b applied",
		"a written", "b written", "a applied", "b applied", "a finished", "b finished", "b end", "a end",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	require.Nil(t, provisioning.Observers(&provisioning.Observer{}, nil).Start, "steps are told of to nobody")
}

// The functions are called one at a time, also when somebody asks for a record while a run is under way.
func TestObserverIsToldOneThingAtATime(t *testing.T) {
	for name, ask := range map[string]func(context.Context, *provisioning.Reconciler) error{
		"one record that is refused": func(ctx context.Context, r *provisioning.Reconciler) error {
			_, err := r.Sync(ctx, uref(1))
			if !errors.Is(err, provisioning.ErrBusy) {
				return fmt.Errorf("error %w; want ErrBusy", err)
			}
			return nil
		},
		"one that is explained": func(ctx context.Context, r *provisioning.Reconciler) error {
			_, err := r.Explain(ctx, uref(1))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJob(1)
			var r *provisioning.Reconciler
			var asked sync.WaitGroup
			told := make(chan string, 10)
			j.opts.Observer = &provisioning.Observer{
				Reading: func(context.Context, string, provisioning.Kind, int) { told <- "reading" },
				Planned: func(context.Context, *provisioning.Plan) { told <- "planned" },
				Applied: func(ctx context.Context, _ *provisioning.Result) {
					for len(told) > 0 {
						<-told
					}
					asked.Go(func() {
						if err := ask(ctx, r); err != nil {
							t.Error(err)
						}
					})
					select {
					case what := <-told:
						t.Errorf("told %s while it is told of a change", what)
					case <-time.After(100 * time.Millisecond):
					}
				},
				Finished: func(context.Context, *provisioning.Report) { told <- "finished" },
			}
			r = j.reconciler(t)
			_, err := r.Run(t.Context())
			require.NoError(t, err)
			asked.Wait()
		})
	}
}

// Finished is told at the end of a run, whatever became of it: of one for a single record too, which could not be read.
func TestFinishedOfAReadThatFailed(t *testing.T) {
	for name, run := range map[string]func(context.Context, *provisioning.Reconciler) error{
		"run": func(ctx context.Context, r *provisioning.Reconciler) error {
			_, err := r.Run(ctx)
			return err
		},
		"one record on demand": func(ctx context.Context, r *provisioning.Reconciler) error {
			_, err := r.Sync(ctx, uref(2))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJob(3)
			j.clean(t)
			var reports []*provisioning.Report
			j.opts.Observer = &provisioning.Observer{Finished: func(_ context.Context, r *provisioning.Report) { reports = append(reports, r) }}
			j.source = cutSource{j.src.Source(), 1, errReset}
			require.ErrorIs(t, run(t.Context(), j.reconciler(t)), errReset)
			require.Len(t, reports, 1)
			require.ErrorIs(t, reports[0].Stopped, errReset)
			require.False(t, reports[0].Started.IsZero())
		})
	}
}
