package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/ilumy/usersync/provisioning"
)

// An auditFile is where the audit is written, a line for each change. A run does not stop for a line that cannot be
// written, so it counts those that are missing, for somebody has to be told.
type auditFile struct {
	name string
	w    io.Writer
	file *os.File
	// torn says that the file ends in the middle of a line.
	torn bool

	lines, missing int
	first          error // why the first of them is missing
}

// openAudit opens a file to write behind what it has. A line that was cut off, by a disk that was full, is left as it is.
func openAudit(name string) (*auditFile, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	return &auditFile{name: name, w: f, file: f, torn: torn(name)}, nil
}

// torn reports whether a file ends in the middle of a line, as far as it can be read.
func torn(name string) bool {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return false
	}
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	last := make([]byte, 1)
	_, err = f.ReadAt(last, info.Size()-1)
	return err == nil && last[0] != '\n'
}

// Write writes a line, of which [provisioning.Audit] gives one at a time.
func (a *auditFile) Write(line []byte) (int, error) {
	a.lines++
	whole := line
	if a.torn {
		whole = append([]byte{'\n'}, line...)
	}
	n, err := a.w.Write(whole)
	if n > 0 {
		a.torn = !bytes.HasSuffix(whole[:n], []byte{'\n'})
	}
	if err != nil {
		a.miss(1, err)
		return 0, err
	}
	return len(line), nil
}

func (a *auditFile) miss(lines int, err error) {
	a.missing += lines
	if a.first == nil {
		a.first = err
	}
}

// observer sees after every run that what was written is on the disk, and tells the log of each run what is not.
func (a *auditFile) observer(log *slog.Logger) *provisioning.Observer {
	lines, missing := 0, 0
	return &provisioning.Observer{Finished: func(ctx context.Context, _ *provisioning.Report) {
		if info, err := a.file.Stat(); err == nil && info.Mode().IsRegular() && a.lines > lines {
			if err := a.file.Sync(); err != nil {
				a.miss(a.lines-lines-(a.missing-missing), err)
			}
		}
		if n := a.missing - missing; n > 0 && log != nil {
			log.ErrorContext(ctx, "lines are missing from the audit, the changes were made all the same", "file", a.name,
				"missing", n, "of", a.lines-lines, "error", a.first)
		}
		lines, missing = a.lines, a.missing
	}}
}

// err says what is missing since the file was opened; nil when nothing is.
func (a *auditFile) err() error {
	if a == nil || a.missing == 0 {
		return nil
	}
	return fmt.Errorf("audit %s: %d of %d lines are missing, the changes were made all the same; make room before the next run: %w",
		a.name, a.missing, a.lines, a.first)
}

func (a *auditFile) close() error {
	if a == nil {
		return nil
	}
	return a.file.Close()
}

// audited gives what became of a command, which has failed when the audit lacks lines, even where it only waits otherwise.
func (j *job) audited(err error) error {
	missing := j.audit.err()
	if missing == nil || err == nil {
		return errors.Join(err, missing)
	}
	return fmt.Errorf("%w\n%v", missing, err)
}

var _ io.Writer = (*auditFile)(nil)
