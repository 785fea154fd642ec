package ldapsource

import (
	"context"
	"errors"

	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/wire"
	"github.com/ilumy/usersync/provisioning"
)

// pageSteps tells the run's Observer of each page of a search. A nil one tells nothing.
type pageSteps struct {
	ctx    context.Context
	number int
	ended  func(error)
}

// startPages tells of the first page. The look-up of one entry has none.
func startPages(ctx context.Context, req *wire.Request) *pageSteps {
	if req.Scope == ldap.ScopeBaseObject {
		return nil
	}
	p := &pageSteps{ctx: ctx}
	p.start()
	return p
}

func (p *pageSteps) start() {
	p.number++
	_, p.ended = provisioning.StartStep(p.ctx, provisioning.Step{Name: provisioning.StepPage, Side: "source", Page: p.number})
}

func (p *pageSteps) next() {
	if p != nil {
		p.ended(nil)
		p.start()
	}
}

func (p *pageSteps) end(err error) {
	switch {
	case p == nil:
	case errors.Is(err, errLeft):
		p.ended(nil) // Whoever reads wants no more.
	default:
		p.ended(err)
	}
}
