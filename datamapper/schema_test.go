package datamapper

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// TestSchema shows that editors know the fields that Load does.
func TestSchema(t *testing.T) {
	type object struct {
		Properties map[string]any `json:"properties"`
		AnyOf      []struct {
			Properties map[string]any `json:"properties"`
		} `json:"anyOf"`
	}
	var root struct {
		object
		Defs map[string]object `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(Schema(), &root))
	for _, tt := range []struct {
		name string
		have map[string]any
		want []string
	}{
		{"root", root.Properties, rootFields},
		{"kind", root.Defs["kind"].Properties, kindFields},
		{"rule", root.Defs["rule"].AnyOf[1].Properties, ruleFields},
		{"value", root.Defs["value"].AnyOf[1].Properties, valueFields},
		{"ref", root.Defs["ref"].AnyOf[1].Properties, refFields},
		{"condition", root.Defs["condition"].AnyOf[1].Properties, conditionFields},
		{"test", root.Defs["test"].Properties, testFields},
	} {
		want := slices.Sorted(slices.Values(tt.want))
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(tt.have))); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
	}
}
