package ldaptest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// NewCatalog starts the global catalogue of a forest, on its own port of a loopback address, at the first of some domains. It
// has the attributes that are named.
func NewCatalog(t testing.TB, attributes []string, domains ...*Directory) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:3268")
	for try := 0; err != nil && try < 50; try++ { // every address of 127.0.0.0/8 is ours on Linux
		l, err = net.Listen("tcp", fmt.Sprintf("127.%d.%d.%d:3268", 64+rand.IntN(128), rand.IntN(256), 1+rand.IntN(254)))
	}
	if err != nil {
		t.Fatalf("listening: %v", err)
	}
	root := maps.Clone(domains[0].Root)
	root["configurationNamingContext"] = []string{"CN=Configuration," + domains[0].Base}
	return serveOn(t, l, root, func(q *Search) {
		if strings.HasPrefix(q.Base, "CN=Schema,") {
			for _, name := range attributes {
				q.Entry("CN="+name+","+q.Base, map[string][]string{"lDAPDisplayName": {name}})
			}
			q.Done(0, "", Cookie(""))
			return
		}
		cookie, size, paged := q.Page()
		start, _ := strconv.Atoi(cookie)
		n := 0
		for i, d := range domains {
			d.mu.Lock()
			for _, e := range d.matching(q) {
				if n++; paged && (n <= start || n > start+size) {
					continue
				}
				all := d.attributes(q, e)
				kind, _ := strconv.Atoi(slices.Concat(e.Attributes["groupType"], []string{"0"})[0])
				for name := range all {
					base, _, _ := strings.Cut(name, ";")
					if !slices.ContainsFunc(attributes, func(has string) bool { return strings.EqualFold(has, base) }) ||
						i > 0 && base == "member" && kind&8 == 0 {
						delete(all, name)
					}
				}
				q.Entry(d.name(q, e), all)
			}
			d.mu.Unlock()
		}
		switch {
		case !paged:
			q.Done(0, "")
		case n > start+size:
			q.Done(0, "", Cookie(strconv.Itoa(start+size)))
		default:
			q.Done(0, "", Cookie(""))
		}
	})
}
