package needs

import (
	"fmt"
	"strings"
	"testing"
)

func TestMissing(t *testing.T) {
	tests := []struct {
		name string
		in   Need
		want string // in the error; none when empty
	}{
		{"there", Need{Name: "shell", Programs: []string{"sh", "ls"}}, ""},
		{"not there", Need{Name: "magic", Programs: []string{"sh", "no-such-program"}}, "magic: program no-such-program is not installed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.in.Missing()
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func ExampleLookup() {
	n, err := Lookup("slapd")
	fmt.Println(n.Packages, err)
	_, err = Lookup("oracle")
	fmt.Println(err)
	// Output:
	// [slapd ldap-utils] <nil>
	// nothing is known of "oracle"; it can be gcc, slapd, samba, ds389, postgresql
}
