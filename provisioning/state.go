package provisioning

import "context"

// A StateStore keeps small documents between runs. A key consists of letters, digits, and "-", "_",
// "." and "/", and does not begin with a dot. Values hold IDs of people, and no other data about them.
type StateStore interface {
	// Load gives the value of a key; (nil, nil) when there is none.
	Load(ctx context.Context, key string) ([]byte, error)
	// Save replaces the value of a key as a whole, or leaves it as it was; a nil value removes it.
	// When it returns, the value survives the end of the process.
	Save(ctx context.Context, key string, value []byte) error
}

// A Swapper is a StateStore that several processes may share. Without it a job must be run by one
// process at a time, and nothing checks that.
type Swapper interface {
	StateStore
	// Swap replaces the value of a key by value if it is old, byte for byte, and reports whether it did,
	// as one step that no other Swap or Save comes between. A nil old stands for a key without a value.
	Swap(ctx context.Context, key string, old, value []byte) (bool, error)
}
