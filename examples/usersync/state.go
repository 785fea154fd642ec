package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// A stateFolder is the state of a job, whose errors name the file that an operator has to look at.
type stateFolder struct {
	*provisioning.FileState
	dir string
}

func newStateFolder(dir string) (*stateFolder, error) {
	files, err := provisioning.NewFileState(dir)
	return &stateFolder{files, dir}, err
}

// Load gives a document, if it can be read as what it is.
func (s *stateFolder) Load(ctx context.Context, key string) ([]byte, error) {
	b, err := s.FileState.Load(ctx, key)
	if err != nil || b == nil {
		return b, err
	}
	var into any
	switch path.Base(key) {
	case "memory":
		into = &provisioning.Memory{}
	case "history":
		into = &provisioning.History{}
	case "lease":
		into = &provisioning.Lease{}
	}
	if err := json.Unmarshal(b, &into); err != nil {
		file := filepath.Join(s.dir, filepath.FromSlash(key)+".json")
		return nil, fmt.Errorf("%s: %w: %w; restore it from a backup, or remove it to begin anew", file, provisioning.ErrState, err)
	}
	return b, nil
}

// remembered gives what is known of earlier runs, from the state alone, which it only reads; nil when there is no state yet.
func (c *config) remembered(ctx context.Context) (*provisioning.Memory, *provisioning.History, error) {
	dir := c.path(c.State)
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, nil
	case err != nil:
		return nil, nil, c.placed("state", err)
	case !info.IsDir():
		return nil, nil, c.placed("state", fmt.Errorf("%s is no folder", dir))
	}
	state, err := newStateFolder(dir)
	if err != nil {
		return nil, nil, c.placed("state", err)
	}
	nobody := memory.New(nil)
	r, err := provisioning.New(nobody, nothing{}, nobody, &provisioning.Options{State: state})
	if err != nil {
		return nil, nil, err
	}
	return r.Memory(ctx)
}

// nothing stands for the rules where nobody is read.
type nothing struct{}

func (nothing) Map(*provisioning.Record) (*provisioning.Record, error) {
	return nil, provisioning.SkipRecord
}

var (
	_ provisioning.Swapper = (*stateFolder)(nil)
	_ provisioning.Mapper  = nothing{}
)
