package lab

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDS389(t *testing.T) {
	d := DS389(t, &DS389Options{Contents: Contents{People: 1200}})
	res, err := d.Reader(t).SearchWithPaging(searchAll(d.Base, "(objectClass=inetOrgPerson)", "nsUniqueId", "memberOf"), 500)
	require.NoError(t, err)
	if len(res.Entries) != 1200 {
		t.Errorf("%d people", len(res.Entries))
	}
	for _, e := range res.Entries {
		if e.GetAttributeValue("nsUniqueId") == "" {
			t.Fatalf("%s has no nsUniqueId", e.DN)
		}
	}
	d.Stop()
	d.Start()
	d.Admin(t)
}
