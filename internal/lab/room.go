package lab

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/ilumy/usersync/internal/lab/needs"
)

// Need leaves the test out, loudly, on a machine that has not what it needs; with CI=true it fails
// instead. The names are those of the installer: "slapd", "samba", "ds389", "postgresql".
func Need(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		n, err := needs.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := n.Missing(); err != nil {
			msg := fmt.Sprintf("LEFT OUT: %v; where it can be installed, this does it: go run ./internal/lab/install %s", err, name)
			if os.Getenv("CI") == "true" {
				t.Fatal(msg)
			}
			t.Skip(msg)
		}
	}
}

// program gives the path of a program that Need has found.
func program(t testing.TB, name string) string {
	t.Helper()
	path, err := needs.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// tempDir makes a folder with a short name, since sockets have room for 107 bytes, that any account
// may pass through. It is gone after the test.
func tempDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lab-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatalf("making a folder for a server: %v", err)
	}
	t.Cleanup(func() {
		err := os.RemoveAll(dir)
		for try := 1; err != nil && try < 5; try++ { // what a killed server forked may still write
			time.Sleep(time.Duration(try) * 100 * time.Millisecond)
			err = os.RemoveAll(dir)
		}
		if err != nil {
			t.Errorf("removing the folder of a server: %v", err)
		}
	})
	return dir
}

// freePorts gives ports of 127.0.0.1 that nobody listens on now.
func freePorts(t testing.TB, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatalf("looking for a free port: %v", err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// freeAddress gives an address of 127.0.0.0/8 at which all the ports are free. It is drawn by lot,
// so that two test binaries hardly ever want the same.
func freeAddress(t testing.TB, ports ...int) string {
	t.Helper()
	for range 100 {
		var b [3]byte
		_, _ = rand.Read(b[:])
		addr := fmt.Sprintf("127.%d.%d.%d", 64+b[0]%128, b[1], 1+b[2]%254)
		if listenable(addr, ports) {
			return addr
		}
	}
	t.Fatalf("no loopback address has the ports %v free", ports)
	return ""
}

func listenable(addr string, ports []int) bool {
	for _, port := range ports {
		l, err := net.Listen("tcp", net.JoinHostPort(addr, strconv.Itoa(port)))
		if err != nil {
			return false
		}
		l.Close()
	}
	return true
}

// write writes a file into a server's folder.
func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// accountOf gives the account to run a server as that does not want to be root.
func accountOf(name string) (*syscall.Credential, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(err1, err2)
}
