package provisioning

// aheadAtOnce is how many records of the sink are looked up together.
const aheadAtOnce = 64

// An ahead looks for records a moment before they are looked up in earnest. In a large table each look-up waits for memory
// several times over, one after another; that many at once wait together. It changes nothing, and it is not worth it
// where records come in the order in which they are kept.
type ahead struct {
	batch  []*Record
	refs   []Ref
	hashes []uint32
	ords   []uint32
	// read is of no use but that what is read into it is read.
	read uint32
}

// look goes ahead of a batch of records of the sink.
func (a *ahead) look(p *comparer) {
	w, c := p.wanted, p.found
	if w.refs.astray*2 > len(a.batch) {
		a.refs = a.refs[:0]
		for _, h := range a.batch {
			if source := p.Links.sourceOf(h); source != "" {
				a.refs = append(a.refs, Ref{Kind: h.Kind, ID: source})
			}
		}
		a.table(w.refs)
		for _, o := range a.ords {
			if place := w.refs.rows[o].value; place != 0 {
				body := w.bodies.at(place)
				a.read += uint32(body[min(len(body)-1, 64)])
			}
			if o < uint32(len(c.pairs)) {
				a.read += c.pairs[o].target
			}
		}
		a.refs = a.refs[:0]
		for _, h := range a.batch {
			a.refs = append(a.refs, h.Ref())
			for _, refs := range h.Refs {
				a.refs = append(a.refs, refs[:min(len(refs), 4)]...)
			}
		}
		a.table(c.sink)
	}
	w.refs.astray = 0
}

// table reads what looking up a.refs in a table reads, and leaves the ordinals of those that seem to be there.
func (a *ahead) table(t *table) {
	a.hashes, a.ords = a.hashes[:0], a.ords[:0]
	for _, ref := range a.refs {
		t.pack(ref)
		a.hashes = append(a.hashes, t.hash())
	}
	mask := len(t.slots) - 1
	for _, hash := range a.hashes {
		for slot := int(hash) & mask; ; slot = (slot + 1) & mask {
			s := t.slots[slot]
			if s == 0 {
				break
			}
			if uint32(s>>32) == hash {
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
}
