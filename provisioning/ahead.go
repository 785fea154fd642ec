package provisioning

const (
	// aheadAtOnce is how many records are looked up together.
	aheadAtOnce = 64
	// aheadFrom is from how many slots on that is worth it, because a table does not stay in a processor's own memory.
	aheadFrom = 1 << 14
)

// An ahead looks for records a moment before they are looked up in earnest. In a large table each look-up waits for memory
// several times over, one after another; that many at once wait together. It changes nothing.
type ahead struct {
	buf  []byte
	ords []uint32
	// own are the records of a batch, owners those of the source that they belong to, and refs some of those that they refer to.
	own, owners, refs []packed
	// read is of no use but that what is read into it is read.
	read uint32
}

// look goes ahead of a batch of records of a kind of the sink, and packs their own references and those of their owners.
func (a *ahead) look(kind Kind, batch []*Record, p *comparer) {
	w, c := p.wanted, p.found
	a.buf, a.own, a.owners, a.refs = a.buf[:0], a.own[:0], a.owners[:0], a.refs[:0]
	for _, h := range batch {
		a.own = a.pack(a.own, c.sink, h.Ref())
		a.owners = a.pack(a.owners, w.refs, w.externalRef(Ref{Kind: kind, ID: p.Links.sourceOf(h)}))
	}
	a.touch(c.sink, a.own)
	// Where they come in the order in which the source's are kept, these need not be looked for.
	if w.refs.astray*2 > len(batch) {
		for _, o := range a.find(w.refs, a.owners) {
			if place := w.refs.rows[o].value; place != 0 {
				body := w.bodies.at(place)
				a.read += uint32(body[min(len(body)-1, 64)])
			}
			if o < uint32(len(c.pairs)) {
				a.read += c.pairs[o].target
			}
		}
		a.find(c.sink, a.own)
		for _, h := range batch {
			for _, refs := range h.Refs {
				for _, ref := range refs[:min(len(refs), 4)] {
					a.refs = a.pack(a.refs, c.sink, ref)
				}
			}
		}
		a.find(c.sink, a.refs)
	}
	w.refs.astray = 0
}

// source goes ahead of a batch of records of the source.
func (a *ahead) source(batch []*Record, t *table) {
	if len(t.slots) < aheadFrom {
		return
	}
	a.buf, a.own = a.buf[:0], a.own[:0]
	for _, r := range batch {
		a.own = a.pack(a.own, t, r.Ref())
	}
	a.touch(t, a.own)
}

func (a *ahead) pack(to []packed, t *table, ref Ref) []packed {
	p, buf := t.packAfter(a.buf, ref)
	a.buf = buf
	return append(to, p)
}

// touch reads the slots in which looking some up begins.
func (a *ahead) touch(t *table, some []packed) {
	mask := len(t.slots) - 1
	for i := range some {
		a.read += uint32(t.slots[int(some[i].hash)&mask])
	}
}

// find reads what looking some up in a table reads, and gives the ordinals of those that seem to be there.
func (a *ahead) find(t *table, some []packed) []uint32 {
	a.touch(t, some)
	a.ords = a.ords[:0]
	mask := len(t.slots) - 1
	for i := range some {
		for slot := int(some[i].hash) & mask; ; slot = (slot + 1) & mask {
			s := t.slots[slot]
			if s == 0 {
				break
			}
			if uint32(s>>32) == some[i].hash {
				a.ords = append(a.ords, uint32(s)-1)
				break
			}
		}
	}
	for _, o := range a.ords {
		a.read += t.rows[o].id
	}
	for _, o := range a.ords {
		a.read += uint32(t.packedRef(o)[0])
	}
	return a.ords
}
