package lab

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// image gives a copy of a folder that takes long to make. What make makes is kept in the user's
// cache under a name that tells what it depends on, and is made once, even when several test
// binaries ask at the same time. The copy becomes dir, which must not be there yet.
func image(dir, kind string, dependsOn []byte, make func(dir string) error) error {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	cache = filepath.Join(cache, "usersync-lab")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return fmt.Errorf("keeping the data of servers: %w", err)
	}
	sum := sha256.Sum256(dependsOn)
	kept := filepath.Join(cache, kind+"-"+hex.EncodeToString(sum[:8]))
	unlock, err := lock(kept + ".lock")
	if err != nil {
		return fmt.Errorf("keeping the data of servers: %w", err)
	}
	defer unlock()
	if _, err := os.Stat(kept); err == nil {
		return copyDir(kept, dir)
	}
	if err := make(dir); err != nil {
		return err
	}
	tmp := kept + ".new"
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	if err := copyDir(dir, tmp); err != nil {
		return err
	}
	return os.Rename(tmp, kept)
}

// copyDir copies a folder with its owners, rights and the holes in its files.
func copyDir(from, to string) error {
	if out, err := exec.Command("cp", "-a", "--sparse=always", "--reflink=auto", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("copying a server's data: %w: %s", err, out)
	}
	return nil
}

// lock takes a file for this process and its goroutines alone.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}
