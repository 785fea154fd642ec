package provisioning

import (
	"os"
	"syscall"
	"unsafe"
)

// lockFile waits until no other process has the lock on a file. Closing the file gives it up, and so does the
// end of the process.
func lockFile(f *os.File) error {
	const exclusive = 2 // LOCKFILE_EXCLUSIVE_LOCK
	var at syscall.Overlapped
	proc := syscall.NewLazyDLL("kernel32.dll").NewProc("LockFileEx")
	ok, _, err := proc.Call(f.Fd(), exclusive, 0, 1, 0, uintptr(unsafe.Pointer(&at)))
	if ok == 0 {
		return err
	}
	return nil
}

// syncDir has nothing to do: a renamed file is on the disk.
func syncDir(string) error { return nil }
