package provisioning_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// events gives the last event of each record.
func events(t *testing.T, lines []byte) map[provisioning.Ref]provisioning.AuditEvent {
	t.Helper()
	all := map[provisioning.Ref]provisioning.AuditEvent{}
	for dec := json.NewDecoder(bytes.NewReader(lines)); dec.More(); {
		var e provisioning.AuditEvent
		require.NoError(t, dec.Decode(&e))
		all[provisioning.Ref{Kind: e.Kind, ID: e.Source}] = e
	}
	return all
}

// An audit does not say that somebody was added to a group who could not be created, or not be adopted.
func TestAuditOfReferencesThatWait(t *testing.T) {
	for _, batch := range []bool{false, true} {
		for _, adopts := range []bool{false, true} {
			t.Run(fmt.Sprintf("batch %v, adopts %v", batch, adopts), func(t *testing.T) {
				j := faultyJob(3, func(c memory.Call) error {
					if c.Name == "Create" && c.Ref == uref(1) || c.Name == "Update" && c.Ref.ID == "theirs" {
						return provisioning.ErrInvalid
					}
					return nil
				})
				if batch {
					j.sink = memory.Batching{Store: j.dst}
				}
				if adopts {
					j.opts.Policy.Adopt = []provisioning.Match{{Attributes: []string{"userName"}}}
					theirs := user(1)
					theirs.ID = "theirs"
					j.dst.Put(theirs)
				}
				j.src.Put(group("some", 0, 1, 2), group("one", 1))
				var lines bytes.Buffer
				audit := provisioning.NewAudit(&lines, nil)
				j.opts.Observer = audit.Observer()
				j.run(t)
				require.NoError(t, audit.Err())

				sources := func(links []provisioning.Link) (ids []provisioning.ID) {
					for _, l := range links {
						ids = append(ids, l.Source)
					}
					return ids
				}
				all := events(t, lines.Bytes())
				require.Equal(t, provisioning.Done, all[gref("some")].Result)
				require.Equal(t, []provisioning.ID{uid(0), uid(2)}, sources(all[gref("some")].Add["members"]))
				for _, g := range []string{"some", "one"} {
					require.Equal(t, []provisioning.ID{uid(1)}, sources(all[gref(g)].Waits["members"]))
				}
				require.Empty(t, all[gref("one")].Add)

				_, history, err := j.reconciler(t).Memory(t.Context())
				require.NoError(t, err)
				require.Equal(t, 2, history.Refs[provisioning.Group])
			})
		}
	}
}
