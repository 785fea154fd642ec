package provisioning

import "errors"

// have compares one record of the sink, of which the references to itself and to its owner are packed.
func (p *comparer) have(kind Kind, h *Record, own, owner packed, counts *Counts) {
	source := p.ownerOf(h)
	o, t, known := uint32(0), uint32(0), false
	if source != "" {
		o = p.wanted.externalPacked(kind, owner)
		if t = p.found.namePacked(own, o); p.found.is(o, t) {
			return // The sink gives it twice, as one does whose pages shift.
		}
		known = p.wanted.status(o) != mentioned
	}
	counts.Sink++
	switch {
	case p.protected(h):
		counts.Protected++
		if known {
			p.found.put(o, t, h)
			p.hold(o, "its counterpart in the sink is protected by the policy", Link{Kind: kind, Source: source, Target: h.ID})
		}
	case known:
		counts.Owned++
		if !h.Disabled {
			counts.Active++
		}
		p.match(o, t, source, h, counts)
	case source == "":
		counts.Unmanaged++
		if h.ExternalID == "" {
			p.keys.candidate(h)
			p.creations.candidate(h)
		}
	case p.Partial:
		// It is only referred to, and nothing is known of whether the source has it.
		p.found.put(o, t, h)
	default:
		p.found.put(o, t, h)
		counts.Owned++
		if !h.Disabled {
			counts.Active++
		}
		p.gone = append(p.gone, goner{Link{kind, source, h.ID}, h.Version, h.Disabled, counts.Complete, unseen, callName(h)})
	}
}

// ownerOf gives the record of the source that one of the sink belongs to, as the policy has it, or "". One that carries the
// ExternalID of what was about to be created when its run was killed is ours too, and is linked now.
func (p *comparer) ownerOf(h *Record) ID {
	source := p.Links.sourceOf(h)
	if source == "" || p.policy.Owned != OwnedLinked || p.Links.source(h.Ref()) != "" {
		return source
	}
	if _, creating := p.memory.Creating.Get(Ref{Kind: h.Kind, ID: source}); !creating {
		return ""
	}
	p.plan.Relinked = append(p.plan.Relinked, Link{Kind: h.Kind, Source: source, Target: h.ID})
	return source
}

// match joins a record of the sink with its wanted one, which it was found to be by the ID source, and keeps what differs.
func (p *comparer) match(o, t uint32, source ID, h *Record, counts *Counts) {
	if first := p.found.get(o); first != nil {
		key := p.wanted.key(o)
		p.hold(o, "several records of the sink carry its ExternalID; delete or relink all but one",
			Link{key.Kind, key.ID, first.target}, Link{key.Kind, key.ID, h.ID})
		return
	}
	p.found.put(o, t, h)
	p.wanted.dict.eachRefs(h.Refs, func(name string, _ uint32, _ bool, to []Ref) {
		if counts.Refs == nil {
			counts.Refs = map[string]int{}
		}
		counts.Refs[name] += len(to)
	})
	switch p.wanted.status(o) {
	case skipped:
		p.gone = append(p.gone, p.goner(o, h, unscoped))
	case absent:
		p.gone = append(p.gone, p.goner(o, h, unseen))
	case wanted:
		differs := !p.wanted.same(o, h, p.leave) || h.ExternalID != "" && h.ExternalID != source && !p.wanted.called(o, Ref{Kind: h.Kind, ID: h.ExternalID})
		if differs || p.wanted.isDisabled(o) != h.Disabled {
			p.found.details[o] = &detail{have: h, differs: differs}
		}
	}
}

// goner gives a record of ours of which the source says that it is not to be.
func (p *comparer) goner(o uint32, h *Record, reason string) goner {
	return goner{Link{h.Kind, p.wanted.key(o).ID, h.ID}, h.Version, h.Disabled, true, reason, callName(h)}
}

// errNoName says of a record of the sink that nothing can be written to it.
var errNoName = errors.New("the sink gives it without an ID")

// unread takes a record of the sink that cannot be read. Whose it is may be known all the same.
func (p *comparer) unread(kind Kind, re *RecordError) {
	counts := p.plan.count(kind)
	counts.Sink++
	reason := "the sink's record cannot be read: " + re.Err.Error()
	h := re.Record
	if h == nil {
		h = &Record{Kind: kind, ID: re.Ref.ID}
	}
	source := p.ownerOf(h)
	if source != "" && h.ID == "" {
		p.wanted.hold(p.wanted.external(Ref{Kind: kind, ID: source}), reason, re.Where)
		return
	}
	if source == "" {
		if re.Record == nil || h.ID == "" || len(p.policy.Adopt) > 0 {
			p.broken[kind]++
		} else {
			counts.Unmanaged++
		}
		p.plan.Held = append(p.plan.Held, Held{Link: Link{Kind: kind, Target: re.Ref.ID}, Reason: reason, Where: re.Where})
		return
	}
	counts.Owned++
	if !h.Disabled {
		counts.Active++
	}
	o := p.wanted.external(Ref{Kind: kind, ID: source})
	p.found.put(o, p.found.name(h.Ref(), o), h)
	p.wanted.hold(o, reason, re.Where)
}
