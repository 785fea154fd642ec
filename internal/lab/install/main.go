// Command install installs what the tests need besides Go, on Debian and as root, and says loudly
// what it has to leave out elsewhere. With CI=true leaving something out is a failure.
//
//	go run ./internal/lab/install gcc slapd samba postgresql
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/ilumy/usersync/internal/lab/needs"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "install:", err)
		os.Exit(1)
	}
}

func run(names []string) error {
	var wanted []needs.Need
	var packages []string
	for _, name := range names {
		n, err := needs.Lookup(name)
		if err != nil {
			return err
		}
		wanted = append(wanted, n)
		if n.Missing() != nil {
			packages = append(packages, n.Packages...)
		}
	}
	if len(packages) > 0 {
		if err := install(packages); err != nil {
			fmt.Fprintln(os.Stderr, "install:", err)
		}
	}
	left := 0
	for _, n := range wanted {
		if err := n.Missing(); err != nil {
			left++
			fmt.Printf("LEFT OUT: tests that need %v\n", err)
		}
	}
	if left > 0 && os.Getenv("CI") == "true" {
		return fmt.Errorf("%d of %d needs are not met, and with CI=true nothing may be left out", left, len(wanted))
	}
	return nil
}

// policy is where Debian asks whether a package may start its service; these shall not.
const policy = "/usr/sbin/policy-rc.d"

func install(packages []string) (err error) {
	if os.Geteuid() != 0 {
		return fmt.Errorf("only root can install %v", packages)
	}
	apt, err := exec.LookPath("apt-get")
	if err != nil {
		return fmt.Errorf("this system has no apt-get to install %v", packages)
	}
	f, err := os.OpenFile(policy, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err == nil {
		defer func() { err = errors.Join(err, os.Remove(policy)) }()
		_, werr := f.WriteString("#!/bin/sh\nexit 101\n")
		if err := errors.Join(werr, f.Close(), os.Chmod(policy, 0o755)); err != nil {
			return fmt.Errorf("keeping the services from starting: %w", err)
		}
	} else if !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("keeping the services from starting: %w", err)
	}
	fmt.Println("installing", packages)
	args := append([]string{"install", "-y", "-qq", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"}, packages...)
	if _, err := command(apt, args...); err == nil {
		return nil
	}
	// Most often the lists of packages are old, or were never fetched.
	if out, err := command(apt, "update", "-qq", "-o", "DPkg::Lock::Timeout=300"); err != nil {
		return fmt.Errorf("apt-get update: %w\n%s", err, out)
	}
	if out, err := command(apt, args...); err != nil {
		return fmt.Errorf("apt-get install %v: %w\n%s", packages, err, out)
	}
	return nil
}

func command(name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	return cmd.CombinedOutput()
}
