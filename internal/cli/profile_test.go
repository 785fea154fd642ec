package cli_test

import (
	"strings"
	"testing"

	"github.com/ilumy/usersync/internal/cli"
)

func TestProfile(t *testing.T) {
	for name := range strings.SplitSeq(cli.Profiles, ", ") {
		if p, err := cli.Profile(name); err != nil || p == nil {
			t.Errorf("%s: %v, error %v", name, p, err)
		}
	}
	if p, err := cli.Profile(""); err != nil || p != nil {
		t.Errorf("no name: %v, error %v", p, err)
	}
	if _, err := cli.Profile("acme"); err == nil || !strings.Contains(err.Error(), "github") {
		t.Errorf("unknown name: error %v", err)
	}
}
