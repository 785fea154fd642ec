package provisioning

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A FileState is a StateStore in a directory, which several processes of one machine may share.
type FileState struct{ dir string }

// NewFileState makes the directory, readable by its owner alone, if it is not there.
func NewFileState(dir string) (*FileState, error) {
	if dir == "" {
		return nil, errors.New("open state: no directory is given")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open state: %w", err)
	}
	return &FileState{dir: dir}, nil
}

// checkKey reports a key that is not one.
func checkKey(key string) error {
	if key == "" || strings.HasPrefix(key, "/") || strings.HasSuffix(key, "/") {
		return fmt.Errorf("state key %q is empty, or begins or ends with a slash", key)
	}
	for part := range strings.SplitSeq(key, "/") {
		if part == "" || strings.HasPrefix(part, ".") {
			return fmt.Errorf("state key %q has a part that is empty or begins with a dot", key)
		}
	}
	for _, c := range key {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./", c) {
			return fmt.Errorf("state key %q has %q; letters, digits and - _ . / are allowed", key, c)
		}
	}
	return nil
}

func (s *FileState) path(key string) (string, error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	return filepath.Join(s.dir, filepath.FromSlash(key)+".json"), nil
}

// Load gives the content of a file.
func (s *FileState) Load(ctx context.Context, key string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path, err := s.path(key)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("load state: %w", err)
	}
	return b, nil
}

// Save writes a file beside, has it reach the disk, and puts it in the place of the old one.
func (s *FileState) Save(ctx context.Context, key string, value []byte) error {
	return s.locked(ctx, key, func(path string) error { return replace(path, value) })
}

// Swap replaces the content of a file if it is old, under a lock between processes.
func (s *FileState) Swap(ctx context.Context, key string, old, value []byte) (bool, error) {
	swapped := false
	err := s.locked(ctx, key, func(path string) error {
		now, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if (err != nil) != (old == nil) || !bytes.Equal(now, old) {
			return nil
		}
		swapped = true
		return replace(path, value)
	})
	return swapped && err == nil, err
}

func (s *FileState) locked(ctx context.Context, key string, do func(path string) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	path, err := s.path(key)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("save state: %w", err)
		}
	}()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	lock, err := os.OpenFile(filepath.Join(s.dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }() // which gives up the lock
	if err := lockFile(lock); err != nil {
		return err
	}
	return do(path)
}

// replace puts a file in place as a whole, or leaves the old one.
func replace(path string, value []byte) error {
	if value == nil {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return syncDir(filepath.Dir(path))
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // with mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(value)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(filepath.Dir(path))
}

var _ Swapper = (*FileState)(nil)
