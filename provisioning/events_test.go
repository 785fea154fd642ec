package provisioning_test

import (
	"context"
	"fmt"

	"github.com/ilumy/usersync/provisioning"
)

// event changes something in the directory.
func (w *world) event() {
	users := w.users()
	pick := func() *provisioning.Record {
		if len(users) == 0 {
			return nil
		}
		return users[w.rng.IntN(len(users))]
	}
	switch r := pick(); w.rng.IntN(9) {
	case 0, 1, 2:
		w.next++
		joiner := user(w.next)
		if boss := pick(); boss != nil && w.rng.IntN(2) == 0 {
			joiner.Refs = provisioning.Refs{"manager": {boss.Ref()}}
		}
		w.src.Put(joiner)
	case 3:
		if r != nil {
			r.Attributes.Set("displayName", fmt.Sprint("Renamed ", w.rng.IntN(1e6)))
			w.src.Put(r)
		}
	case 4:
		if r != nil {
			r.Disabled = !r.Disabled
			w.src.Put(r)
		}
	case 5:
		if r != nil {
			w.left = append(w.left, r)
			w.src.Remove(r.Ref())
		}
	case 6:
		if len(w.left) > 0 {
			back := w.left[w.rng.IntN(len(w.left))]
			back.Refs = nil
			w.src.Put(back)
		}
	case 7:
		g := group(fmt.Sprint("group-", w.rng.IntN(4)))
		for _, u := range users {
			if w.rng.IntN(2) == 0 {
				g.Refs["members"] = append(g.Refs["members"], u.Ref())
			}
		}
		w.src.Put(g)
	case 8:
		if r != nil {
			if r.Attributes.Get("scope") == "out" {
				delete(r.Attributes, "scope")
			} else {
				r.Attributes.Set("scope", "out")
			}
			w.src.Put(r)
		}
	}
}

func (w *world) users() []*provisioning.Record {
	var all []*provisioning.Record
	for r, err := range w.src.Records(context.Background(), provisioning.User) {
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}
