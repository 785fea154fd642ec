package event

// A Changed is a resource that a token says has changed, for whoever keeps a copy of it.
type Changed struct {
	// Endpoint is that of its type, "/Users", and ID its id at the service provider that sent the token.
	Endpoint, ID string
	// ExternalID is its externalId, if the token has it.
	ExternalID string
	// Gone says that it was deleted there. All else, being deactivated included, is a reason to get it again.
	Gone bool
}

// Changed gives the resource that a token says was created, changed or deleted, or has joined the feed. It is not
// ok for a token that says nothing of the kind: a resource that has left the feed is not gone, and the end
// of an asynchronous request is told besides what it did.
func (t *Token) Changed() (c Changed, ok bool) {
	c.Endpoint, c.ID, ok = t.Subject.Resource()
	if !ok {
		return Changed{}, false
	}
	c.ExternalID = t.Subject.ExternalID
	changed := false
	for i := range t.Events {
		typ := t.Events[i].Type
		c.Gone = c.Gone || typ == Delete
		changed = changed || typ.Provisioning() || typ == FeedAdd
	}
	if !changed {
		return Changed{}, false
	}
	return c, true
}
