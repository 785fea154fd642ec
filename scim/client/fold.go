package client

import "strings"

// foldEqual compares names and URNs, which are ASCII, without regard to case.
func foldEqual(a, b string) bool { return len(a) == len(b) && strings.EqualFold(a, b) }
