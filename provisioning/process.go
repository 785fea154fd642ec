package provisioning

import (
	"os"
	"strconv"
	"strings"
)

// A Process names a process among those of its machine, so that a lease whose holder was killed need not be
// waited for.
type Process struct {
	// Machine names the running machine and the space in which PID counts; empty when that cannot be told.
	Machine string `json:"machine,omitempty"`
	PID     int    `json:"pid,omitempty"`
}

// thisProcess tells only what it knows for sure, which is on Linux.
func thisProcess() Process {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return Process{}
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return Process{}
	}
	return Process{Machine: strings.TrimSpace(string(boot)) + " " + space, PID: os.Getpid()}
}

// dead reports whether the process has certainly ended.
func (p Process) dead() bool {
	this := thisProcess()
	if p.Machine == "" || p.Machine != this.Machine || p.PID == this.PID {
		return false
	}
	_, err := os.Stat("/proc/" + strconv.Itoa(p.PID))
	return os.IsNotExist(err)
}
