package scim_test

import (
	"testing"

	"github.com/ilumy/usersync/scim"
)

func BenchmarkTyped(b *testing.B) {
	r := stored(b)
	u := scim.UserOf(r)
	b.Run("of", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			scim.UserOf(r)
		}
	})
	b.Run("resource", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			u.Resource()
		}
	})
}
