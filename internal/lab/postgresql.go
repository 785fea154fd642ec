package lab

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// A Database is a PostgreSQL server that runs, with an empty database in it.
type Database struct {
	*Process
	// URL names the database and its owner, who needs no password: postgres://lab@127.0.0.1:port/lab.
	URL string
}

// PostgreSQL starts a PostgreSQL server on a port of 127.0.0.1, with an empty database. It survives
// Kill, but not the end of the machine. As root it runs as the account "postgres", since it refuses root.
func PostgreSQL(t testing.TB) *Database {
	t.Helper()
	Need(t, "postgresql")
	dir := tempDir(t)
	var account *syscall.Credential
	var err error
	if os.Geteuid() == 0 {
		if account, err = accountOf("postgres"); err == nil {
			err = os.Chown(dir, int(account.Uid), int(account.Gid))
		}
	}
	if err != nil {
		t.Fatalf("finding an account to run PostgreSQL as: %v", err)
	}
	initdb, postgres := program(t, "initdb"), program(t, "postgres")
	data := filepath.Join(dir, "data")
	err = image(data, "postgresql", fmt.Appendf(nil, "1 %s %v", postgres, account != nil), func(data string) error {
		// C.UTF-8 is what a container has: the order of bytes.
		err := run(dir, account, nil, initdb, "-D", data, "-U", "lab", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
		if err != nil {
			return err
		}
		return run(dir, account, []byte("create database lab\n"), postgres, "--single", "-D", data, "postgres")
	})
	if err != nil {
		t.Fatalf("making a database: %v", err)
	}
	// SIGTERM would wait for the clients to go; SIGINT ends their sessions.
	d := &Database{Process: &Process{t: t, name: "PostgreSQL", dir: dir, user: account, ask: syscall.SIGINT}}
	d.startAt(func() {
		port := freePorts(t, 1)[0]
		d.addrs = []string{fmt.Sprintf("127.0.0.1:%d", port)}
		d.URL = fmt.Sprintf("postgres://lab@127.0.0.1:%d/lab?sslmode=disable", port)
		d.argv = []string{postgres, "-D", data, "-p", strconv.Itoa(port), "-h", "127.0.0.1", "-k", "",
			"-F", "-c", "full_page_writes=off", "-c", "max_connections=50"}
		d.ready = func() error { return letsIn(d.addrs[0]) }
	})
	return d
}

// letsIn begins a session, since the server takes connections before it takes sessions.
func letsIn(addr string) error {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	const startup = "\x00\x03\x00\x00user\x00lab\x00database\x00lab\x00\x00"
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := conn.Write(append(binary.BigEndian.AppendUint32(nil, 4+uint32(len(startup))), startup...)); err != nil {
		return err
	}
	var answer [1]byte
	if _, err := conn.Read(answer[:]); err != nil {
		return err
	}
	if answer[0] != 'R' {
		return fmt.Errorf("it answers a new session with %q", answer[0])
	}
	return nil
}
