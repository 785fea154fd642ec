package provisioning_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

func TestFileState(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	s, err := provisioning.NewFileState(dir)
	require.NoError(t, err)
	ctx := t.Context()
	b, err := s.Load(ctx, "job/memory")
	require.NoError(t, err)
	require.Nil(t, b)
	require.NoError(t, s.Save(ctx, "job/memory", []byte("one")))
	require.NoError(t, s.Save(ctx, "job/memory", []byte("two")))
	b, err = s.Load(ctx, "job/memory")
	require.NoError(t, err)
	require.Equal(t, "two", string(b))

	for _, c := range []struct {
		old, value []byte
		want       bool
	}{
		{nil, []byte("x"), false}, {[]byte("one"), []byte("x"), false}, {[]byte("two"), []byte(""), true}, {nil, []byte("x"), false},
		{[]byte{}, nil, true}, {[]byte{}, []byte("x"), false}, {nil, []byte("three"), true},
	} {
		done, err := s.Swap(ctx, "job/memory", c.old, c.value)
		require.NoError(t, err)
		require.Equal(t, c.want, done, "%q to %q", c.old, c.value)
	}

	// Nobody else reads who works here, and nothing half-written stays.
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := d.Info()
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, "%s can be read by others", path)
		require.False(t, strings.HasPrefix(d.Name(), ".new-"), path)
		return nil
	}))
	for _, key := range []string{"", "/a", "a/", "../a", "a/../b", "a//b", ".a", "a b", "ä", "a\\b"} {
		require.Error(t, s.Save(ctx, key, nil), key)
	}
	_, err = provisioning.NewFileState("")
	require.Error(t, err)
}

func TestFileStateSwapHasOneWinner(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			s, err := provisioning.NewFileState(dir)
			if err != nil {
				t.Error(err)
				return
			}
			for won := 0; won < 20; {
				old, err := s.Load(t.Context(), "counter")
				if err != nil {
					t.Error(err)
					return
				}
				n, _ := strconv.Atoi(string(old))
				done, err := s.Swap(t.Context(), "counter", old, []byte(strconv.Itoa(n+1)))
				if err != nil {
					t.Error(err)
					return
				}
				if done {
					won++
				}
			}
		})
	}
	wg.Wait()
	b, err := os.ReadFile(filepath.Join(dir, "counter.json"))
	require.NoError(t, err)
	require.Equal(t, "160", string(b))
}
