//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package provisioning

import (
	"os"
	"syscall"
)

// lockFile waits until no other process has the lock on a file. Closing the file gives it up, and so does the
// end of the process.
func lockFile(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if err != syscall.EINTR {
			return err
		}
	}
}

// syncDir has a changed directory reach the disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}
