package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/provisioning"
)

func runCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Apply again and again, as the schedule of the configuration says, until stopped",
		Args:  cli.NoArgs,
	}
	file := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		log := newLoopLog(cmd.ErrOrStderr(), *file)
		monitor, err := newMonitor(cmd.Context(), log, jobName(*file))
		if err != nil {
			return err
		}
		defer monitor.close(cmd.Context())
		job, err := openWith(*file, &provisioning.Options{
			Logger: log, Observer: provisioning.Observers(stagedLogger(log, *file), failureLogger(log, *file), causeLogger(log, *file), monitor.observer),
		}, wiring{spans: monitor.tracing()})
		if err != nil {
			return err
		}
		defer job.close()
		schedule, err := job.config.schedule()
		if err != nil {
			return err
		}
		if job.config.Monitor.Address.set() {
			if err := monitor.serve(job.config.Monitor.Address.value); err != nil {
				return job.config.placed("monitor.address", err)
			}
		}
		log.Info("running until stopped", "configuration", *file)
		if err := job.reconciler.Loop(cmd.Context(), schedule); !errors.Is(err, context.Canceled) {
			return job.audited(err)
		}
		log.Info("stopped")
		return job.audited(nil)
	}
	return cmd
}

// schedule says when to run; what the file does not mention is left to [provisioning.Schedule].
func (c *config) schedule() (*provisioning.Schedule, error) {
	location, err := c.Schedule.location()
	if err != nil {
		return nil, c.placed("schedule.timezone", err)
	}
	return &provisioning.Schedule{
		Every: time.Duration(c.Schedule.Every), Daily: c.Schedule.Daily.values(), Jitter: time.Duration(c.Schedule.Jitter), Location: location,
	}, nil
}

// location is the time zone of the schedule; nil when none is given.
func (s *scheduleConfig) location() (*time.Location, error) {
	if !s.TimeZone.set() {
		return nil, nil
	}
	return time.LoadLocation(s.TimeZone.value)
}
