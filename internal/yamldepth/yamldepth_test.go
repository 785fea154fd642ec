package yamldepth_test

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml/lexer"

	"github.com/ilumy/usersync/internal/yamldepth"
)

func TestBeyond(t *testing.T) {
	indented := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.Repeat(" ", 8*i) + "a:\n")
		}
		return b.String()
	}
	for _, tt := range []struct {
		name, in string
		want     int // the line that is beyond; 0 for none
	}{
		{"nothing", "", 0},
		{"flat", "a: 1\nb: [1, 2]\nc: {d: 1}\n", 0},
		{"as deep as may be", strings.Repeat("[", yamldepth.Most) + strings.Repeat("]", yamldepth.Most), 0},
		{"brackets", "a: 1\nb: " + strings.Repeat("[", yamldepth.Most+1), 2},
		{"braces", "a: 1\n" + strings.Repeat("{a: ", yamldepth.Most+1), 2},
		{"many brackets one after another", strings.Repeat("- [1]\n", 3*yamldepth.Most), 0},
		{"dashes on a line", "a: 1\nb:\n" + strings.Repeat("- ", yamldepth.Most+1) + "1\n", 3},
		{"dashes on many lines", strings.Repeat("- 1\n", 3*yamldepth.Most), 0},
		{"indentation", indented(yamldepth.Most + 3), yamldepth.Most + 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := 0
			if at := yamldepth.Beyond(lexer.Tokenize(tt.in)); at != nil {
				got = at.Position.Line
			}
			if got != tt.want {
				t.Errorf("line %d, want %d", got, tt.want)
			}
		})
	}
}
