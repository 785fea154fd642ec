package ldif_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/ldif"
)

// all gives what a reader reads, and the error at its end.
func all(next func() (*entry.Entry, error)) (list []entry.Entry, err error) {
	for {
		e, err := next()
		if err != nil {
			return list, err
		}
		c := *e
		c.Attributes = nil
		for _, a := range e.Attributes {
			c.Attributes = append(c.Attributes, entry.Attribute{Name: a.Name, Values: append([]string{}, a.Values...)})
		}
		list = append(list, c)
	}
}

// What is read ahead is what would be read without, whatever the file and however it ends.
func TestAhead(t *testing.T) {
	var big strings.Builder
	for n := range 1000 {
		fmt.Fprintf(&big, "dn: cn=%d\ncn: %d\nmail: %d@example.com\nmember: a\nmember: %s\n\n", n, n, n, strings.Repeat("b", n))
	}
	broken := errors.New("the disk is broken")
	for name, open := range map[string]func() io.Reader{
		"whole":   func() io.Reader { return strings.NewReader(big.String()) },
		"empty":   func() io.Reader { return strings.NewReader("") },
		"cut off": func() io.Reader { return strings.NewReader(big.String()[:big.Len()/2]) },
		"damaged": func() io.Reader { return strings.NewReader(big.String() + "nonsense\n\n") },
		"broken": func() io.Reader {
			return io.MultiReader(strings.NewReader(big.String()), iotest.ErrReader(broken))
		},
	} {
		t.Run(name, func(t *testing.T) {
			want, wantErr := all(ldif.NewReader(open(), ldif.Limits{}).Next)
			a := ldif.NewAhead(ldif.NewReader(open(), ldif.Limits{}))
			defer a.Close()
			got, err := all(a.Next)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			if err.Error() != wantErr.Error() {
				t.Errorf("error %v, want %v", err, wantErr)
			}
			if _, again := a.Next(); again != err {
				t.Errorf("after the end: %v, want %v again", again, err)
			}
		})
	}
}

// Who leaves early leaves nothing behind.
func TestAheadIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for n := range 200 {
			a := ldif.NewAhead(ldif.NewReader(strings.NewReader(strings.Repeat("dn: cn=a\ncn: a\n\n", 1000)), ldif.Limits{}))
			for range n {
				if _, err := a.Next(); err != nil {
					t.Fatal(err)
				}
			}
			a.Close() // the bubble fails when a goroutine is left
		}
	})
}
