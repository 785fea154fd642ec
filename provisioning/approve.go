package provisioning

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Digest names this very plan: what it changes, and the configuration it was made from. Two plans made at
// different times with the same content have the same digest, whether everything was compared for them or not.
func (p *Plan) Digest() string {
	h := sha256.New()
	head := essenceWriter{}
	head.number(p.Format)
	head.texts(p.Fingerprint)
	h.Write(head.dst)
	// Several processors share it, in parts that are small enough for their caches.
	parts := make(chan chan *essenceWriter, runtime.GOMAXPROCS(0))
	var writers sync.Pool
	go func() {
		defer close(parts)
		for changes := range slices.Chunk(p.Changes, digestPart) {
			part := make(chan *essenceWriter, 1)
			parts <- part
			go func() {
				w, _ := writers.Get().(*essenceWriter)
				if w == nil {
					w = &essenceWriter{}
				}
				w.dst = w.dst[:0]
				for _, c := range changes {
					w.change(c)
				}
				part <- w
			}()
		}
	}()
	for part := range parts {
		w := <-part
		h.Write(w.dst)
		writers.Put(w)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// digestPart is how many changes are encoded at once.
const digestPart = 64

// Token is what approves the plan, in [Options.Approve] or with [Plan.Approve]: its Digest, and of a plan that was staged the
// names of the guards that are overridden, so that it does not pass one that nobody had seen refuse it.
func (p *Plan) Token() string {
	if len(p.Refusals) == 0 {
		return p.Digest()
	}
	return tokenOf(p.Digest(), p.Refusals)
}

// Approve lets the plan pass the guards that the token names: a [RefusedError.Token], or a [Plan.Token]. It must name this plan, so that
// nobody approves another than the one that was read. A mere digest passes no guard, for whoever gives it may not have seen which refuse.
func (p *Plan) Approve(token string) error {
	digest := p.Digest()
	if named, _, _ := strings.Cut(token, ":"); named != digest {
		return fmt.Errorf("approve plan %s: the approval names plan %q; read this plan, and approve it by the token that its refusal gives", digest, named)
	}
	p.Approval = token
	return nil
}

// tokenOf names a plan and the guards that are overridden.
func tokenOf(digest string, refusals []*Refusal) string {
	var rules []string
	for _, r := range refusals {
		rules = append(rules, tokenRule(r.Rule))
	}
	slices.Sort(rules)
	return digest + ":" + strings.Join(slices.Compact(rules), ",")
}

// approves reports whether a token approves a plan against its refusals: it names the plan, and each of the guards.
func approves(token, digest string, refusals []*Refusal) bool {
	plan, rules, _ := strings.Cut(token, ":")
	if plan != digest {
		return false
	}
	named := strings.Split(rules, ",")
	return !slices.ContainsFunc(refusals, func(r *Refusal) bool { return !slices.Contains(named, tokenRule(r.Rule)) })
}

// unfit says why none of the approvals that were given approves a plan, or the part of it that is staged; "" when none was given.
func (r *Reconciler) unfit(p, staged *Plan, refusals []*Refusal) string {
	is := []string{p.Digest()}
	if staged != nil {
		is = append(is, staged.Digest())
	}
	var why []string
	for _, given := range []string{p.Approval, r.opts.Approve} {
		named, rules, _ := strings.Cut(given, ":")
		switch {
		case given == "":
		case !slices.Contains(is, named):
			why = append(why, fmt.Sprintf("the approval that was given names plan %q, and this is plan %s", named, strings.Join(is, ", of which is staged ")))
		default:
			var lacks []string
			for _, refusal := range refusals {
				if rule := tokenRule(refusal.Rule); !slices.Contains(strings.Split(rules, ","), rule) {
					lacks = append(lacks, rule)
				}
			}
			slices.Sort(lacks)
			why = append(why, "the approval that was given is of this plan, and does not name what refuses it: "+strings.Join(slices.Compact(lacks), ", "))
		}
	}
	return strings.Join(slices.Compact(why), "\n")
}

// tokenRule is the name of a guard as it stands in a token, which is to survive a command line.
func tokenRule(rule string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '-'
	}, rule)
}
