// Package nearest finds what somebody probably meant who misspelled a name.
package nearest

import "strings"

// Name gives the candidate that is nearest to name, ignoring case, or "" when none is near enough to be a
// misspelling of it. Of candidates that are equally near the first is given.
func Name(name string, candidates []string) string {
	name = strings.ToLower(name)
	best, at := "", max(1, len(name)/3)+1
	for _, c := range candidates {
		if d := distance(name, strings.ToLower(c), at); d < at {
			best, at = c, d
		}
	}
	return best
}

// Hint gives `, did you mean "x"?`, or "" when no candidate is near.
func Hint(name string, candidates []string) string {
	if n := Name(name, candidates); n != "" {
		return `, did you mean "` + n + `"?`
	}
	return ""
}

// distance is the number of insertions, deletions, substitutions and exchanges of neighbours between a and
// b, or limit when it is not less than that.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit)
}
