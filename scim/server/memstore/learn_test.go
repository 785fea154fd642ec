package memstore_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

// randomUser makes a user of few different values, so that filters find some.
func randomUser(t *testing.T, users *scim.ResourceType, rnd *rand.Rand, name string) *scim.Resource {
	t.Helper()
	body := fmt.Sprintf(`{"schemas":[%q],"userName":%q,"userType":"type%d","active":%v,"name":{"familyName":"family%d"},"emails":[{"value":"mail%d@example.com","type":"work"},{"value":"mail%d@example.com","type":"home"}]}`,
		scim.UserSchema, name, rnd.IntN(3), rnd.IntN(2) == 0, rnd.IntN(20), rnd.IntN(200), rnd.IntN(200))
	if rnd.IntN(2) == 0 {
		body = body[:len(body)-1] + fmt.Sprintf(`,"title":"title%d"}`, rnd.IntN(5))
	}
	r, err := users.Decode([]byte(body), nil)
	require.NoError(t, err)
	return r
}

func randomFilter(rnd *rand.Rand, depth int) string {
	switch n := rnd.IntN(10); {
	case depth > 0 && n < 2:
		return "(" + randomFilter(rnd, depth-1) + " and " + randomFilter(rnd, depth-1) + ")"
	case depth > 0 && n < 4:
		return "(" + randomFilter(rnd, depth-1) + " or " + randomFilter(rnd, depth-1) + ")"
	case depth > 0 && n < 5:
		return "not (" + randomFilter(rnd, depth-1) + ")"
	}
	return []string{
		fmt.Sprintf(`userType eq "TYPE%d"`, rnd.IntN(4)), fmt.Sprintf(`title eq "title%d"`, rnd.IntN(6)), fmt.Sprintf(`title ne "title%d"`, rnd.IntN(6)), "title pr",
		fmt.Sprintf(`name.familyName eq "family%d"`, rnd.IntN(22)), "active eq true", fmt.Sprintf(`userName sw "u%d"`, rnd.IntN(9)), fmt.Sprintf(`userName eq "u%d"`, rnd.IntN(400)),
		fmt.Sprintf(`emails eq "mail%d@example.com"`, rnd.IntN(210)), fmt.Sprintf(`emails[type eq "work" and value eq "mail%d@example.com"]`, rnd.IntN(210)),
		fmt.Sprintf(`emails[type eq "home"].value eq "mail%d@example.com"`, rnd.IntN(210)), fmt.Sprintf(`emails[not (value eq "mail%d@example.com")]`, rnd.IntN(210)),
	}[rnd.IntN(12)]
}

// TestLearnedIndexes proves that what is answered by indexes is what the filters say, while resources come, change and go.
func TestLearnedIndexes(t *testing.T) {
	const rounds = 400
	rnd := rand.New(rand.NewPCG(1, 2))
	users, store := scim.NewUserType(), memstore.New(nil)
	have := map[string]*scim.Resource{}
	for i := range 400 {
		r, err := store.Create(t.Context(), users, randomUser(t, users, rnd, fmt.Sprintf("u%d", i)))
		require.NoError(t, err)
		have[r.ID()] = r
	}
	for i := range rounds {
		for id, r := range have {
			switch i % 4 {
			case 0:
				require.NoError(t, store.Delete(t.Context(), users, id, ""))
				delete(have, id)
			case 1:
				next := randomUser(t, users, rnd, r.GetString("userName"))
				next.SetID(id)
				next, err := store.Replace(t.Context(), users, next, "")
				require.NoError(t, err)
				have[id] = next
			case 2:
				r, err := store.Create(t.Context(), users, randomUser(t, users, rnd, fmt.Sprintf("n%d", i)))
				require.NoError(t, err)
				have[r.ID()] = r
			}
			break
		}
		text := randomFilter(rnd, 3)
		f, err := users.ParseFilter(text, nil)
		require.NoError(t, err, text)
		var want, got []string
		for id, r := range have {
			if f.Match(r) {
				want = append(want, id)
			}
		}
		page, err := store.List(t.Context(), &server.Query{Type: users, Filter: f, StartIndex: 1, Count: 1000})
		require.NoError(t, err)
		for _, r := range page.Resources {
			got = append(got, r.ID())
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) || page.Total != len(want) {
			t.Fatalf("round %d: %s: got %d, total %d, want %d", i, text, len(got), page.Total, len(want))
		}
	}
}
