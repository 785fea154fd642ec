package provisioning

// An arena keeps many small byte strings without a pointer for each, so that the garbage collector has nothing to
// do with them. Places are in units of four bytes; zero is no place.
type arena struct {
	chunks [][]byte
}

const (
	smallChunk = 4 << 10 // the first; each is twice the one before, up to chunkSize
	chunkSize  = 1 << 20
	placeBits  = 18 // of a place within its chunk: chunkSize / 4
	placesMask = 1<<placeBits - 1
)

// put keeps a copy of b.
func (a *arena) put(b []byte) uint32 {
	last := len(a.chunks) - 1
	// In a chunk that is larger than others, because what it holds is, no place has room for what lies behind.
	if last < 0 || len(a.chunks[last])+3 >= chunkSize || len(a.chunks[last])+len(b)+3 > cap(a.chunks[last]) {
		size := min(chunkSize, smallChunk<<min(last+1, 20)) // A small snapshot stays small.
		a.chunks = append(a.chunks, make([]byte, 0, max(size, len(b)+8)))
		last++
		if last == 0 {
			a.chunks[0] = append(a.chunks[0], 0, 0, 0, 0)
		}
	}
	chunk := a.chunks[last]
	chunk = chunk[:(len(chunk)+3)&^3] // which the capacity allows, as it is checked
	place := uint32(last)<<placeBits | uint32(len(chunk)/4)
	a.chunks[last] = append(chunk, b...)
	return place
}

// at gives what begins at a place; it must know its own end.
func (a *arena) at(place uint32) []byte {
	return a.chunks[place>>placeBits][(place&placesMask)*4:]
}
