package provisioning

import (
	"fmt"
	"testing"
)

// A sink may have as many types of members as it likes; none of them is taken for another.
func TestTableOfManyKinds(t *testing.T) {
	table := newTable()
	const n = 1000
	for pass := range 2 {
		for i := range n {
			ref := Ref{Kind: Kind(fmt.Sprint("kind ", i)), ID: "one"}
			if o := table.ord(ref); o != uint32(i) || table.key(o) != ref || table.kindOf(o) != ref.Kind || !table.called(o, ref) {
				t.Fatalf("pass %d: %v has ordinal %d, which is %v", pass, ref, o, table.key(o))
			}
		}
	}
}

// BenchmarkTableOfManyKinds has twice as many take twice the time.
func BenchmarkTableOfManyKinds(b *testing.B) {
	for _, n := range []int{10_000, 40_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				table := newTable()
				for i := range n {
					table.ord(Ref{Kind: Kind(fmt.Sprint("kind ", i)), ID: "one"})
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/kind")
		})
	}
}
