package provisioning_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// fill sets everything that a value can hold.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString("text" + string(rune('a'+*n%26)))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint64:
		v.SetUint(uint64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) / 8)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(key, n)
			fill(value, n)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1e9+int64(*n), 123456789).UTC()))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), n)
			}
		}
	}
}

// What is kept or sent as JSON comes back as it was, to the last field.
func TestNothingIsLostInJSON(t *testing.T) {
	for _, into := range []any{
		&provisioning.Plan{}, &provisioning.Memory{}, &provisioning.History{}, &provisioning.Lease{}, &provisioning.Policy{}, &provisioning.Limits{}, &provisioning.AuditEvent{},
	} {
		typ := reflect.TypeOf(into).Elem()
		t.Run(typ.Name(), func(t *testing.T) {
			made, n := reflect.New(typ), 0
			fill(made.Elem(), &n)
			b, err := json.Marshal(made.Interface())
			require.NoError(t, err)
			read := reflect.New(typ)
			require.NoError(t, json.Unmarshal(b, read.Interface()))
			if diff := cmp.Diff(made.Interface(), read.Interface(), cmpopts.IgnoreUnexported(provisioning.Plan{})); diff != "" {
				t.Errorf("it is another when it was written and read (-made +read):\n%s", diff)
			}
		})
	}
}
