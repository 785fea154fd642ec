package sqlstore_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim/event/delivery"
	"github.com/ilumy/usersync/scim/server/sqlstore"
)

// testQueue looks whether a queue keeps its promises: order, bounds, streams apart, and nothing lost while many put at once.
func testQueue(t *testing.T, d *sqlstore.DB) {
	ctx := t.Context()
	q := d.Events(0)
	ids := func(stream string, n int) (list []string) {
		t.Helper()
		entries, err := q.Next(ctx, stream, n)
		require.NoError(t, err)
		for _, e := range entries {
			require.Equal(t, "{"+e.ID+"}", string(e.Claims))
			list = append(list, e.ID)
		}
		return list
	}
	put := func(stream string, n int) {
		t.Helper()
		require.NoError(t, q.Put(ctx, stream, delivery.Entry{ID: fmt.Sprint(n), Claims: fmt.Appendf(nil, "{%d}", n)}))
	}
	for n := range 5 {
		put("a", n)
		put("b", n)
	}
	for _, step := range []struct {
		remove []string
		want   []string
	}{{nil, []string{"0", "1", "2"}}, {[]string{"1"}, []string{"0", "2", "3"}}, {[]string{"0", "2", "none"}, []string{"3", "4"}}, {[]string{"3", "4"}, nil}} {
		require.NoError(t, q.Remove(ctx, "a", step.remove...))
		if diff := cmp.Diff(step.want, ids("a", 3)); diff != "" {
			t.Errorf("after %v (-want +got):\n%s", step.remove, diff)
		}
	}
	if diff := cmp.Diff([]string{"0", "1", "2", "3", "4"}, ids("b", 100)); diff != "" {
		t.Errorf("another stream (-want +got):\n%s", diff)
	}
	small := d.Events(5)
	if err := small.Put(ctx, "b", delivery.Entry{ID: "x", Claims: []byte("{}")}); !errors.Is(err, delivery.ErrFull) {
		t.Errorf("a full stream: %v", err)
	}
	var wg sync.WaitGroup
	for w := range 10 {
		wg.Go(func() {
			for n := range 20 {
				if err := q.Put(ctx, "c", delivery.Entry{ID: fmt.Sprintf("%d/%d", w, n), Claims: []byte("{}")}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	entries, err := q.Next(ctx, "c", 1000)
	require.NoError(t, err)
	next := map[int]int{}
	var all []string
	for _, e := range entries {
		var w, n int
		_, err := fmt.Sscanf(e.ID, "%d/%d", &w, &n)
		require.NoError(t, err)
		if n != next[w] {
			t.Errorf("writer %d: %d came when %d was next", w, n, next[w])
		}
		next[w]++
		all = append(all, e.ID)
	}
	if len(all) != 200 {
		t.Errorf("%d of 200 are there", len(all))
	}
	require.NoError(t, q.Remove(ctx, "c", append(all, make([]string, 600)...)...))
	if got := ids("c", 1); got != nil {
		t.Errorf("left: %v", got)
	}
}

func TestEventQueue(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		d, err := sqlstore.Open(t.Context(), sqlite(t), sqlstore.SQLite)
		require.NoError(t, err)
		testQueue(t, d)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		d, err := sqlstore.Open(t.Context(), postgres(t), sqlstore.PostgreSQL)
		require.NoError(t, err)
		testQueue(t, d)
	})
}
