package scim

// Add appends an operation that adds a value at a path, or the members of an object if the path is "", and gives p. The
// value may be what [Object.Set] takes. A path with a value filter is made by [filter.Field.Path].
//
// [filter.Field.Path]: https://pkg.go.dev/github.com/ilumy/usersync/scim/filter#Field.Path
func (p *PatchRequest) Add(path string, value any) *PatchRequest { return p.push(Add, path, value) }

// Replace appends an operation that puts a value in the place of what is at a path, and gives p.
func (p *PatchRequest) Replace(path string, value any) *PatchRequest {
	return p.push(Replace, path, value)
}

// Remove appends an operation that removes what is at a path, and gives p.
func (p *PatchRequest) Remove(path string) *PatchRequest { return p.push(Remove, path, nil) }

func (p *PatchRequest) push(op Op, path string, value any) *PatchRequest {
	value = toValue(value)
	p.Operations = append(p.Operations, PatchOperation{Op: op, Path: path, Value: value, null: value == nil && op != Remove})
	return p
}

// Split gives requests that together do what p does, in its order, none of which has more than n operations or
// more than n values in their lists together: IAM Identity Center takes 100 members in a request, and most services
// bound the operations. A list that is replaced is replaced by its first values, to which the others are added. Each
// request is applied as a whole; all of them are not. An n below 1 is no bound.
func (p *PatchRequest) Split(n int) []*PatchRequest {
	if n < 1 || len(p.Operations) == 0 {
		return []*PatchRequest{p}
	}
	var requests []*PatchRequest
	room := 0
	add := func(op PatchOperation, cost int) {
		if cost > room {
			requests = append(requests, &PatchRequest{})
			room = n
		}
		last := requests[len(requests)-1]
		last.Operations = append(last.Operations, op)
		room -= cost
	}
	for _, op := range p.Operations {
		list, _ := op.Value.([]any)
		for len(list) > n {
			if room <= 0 {
				room = n
				requests = append(requests, &PatchRequest{})
			}
			part := op
			part.Value = list[:room:room]
			list = list[room:]
			add(part, room)
			if op.Op == Replace {
				op.Op = Add
			}
		}
		if list != nil {
			op.Value = list
		}
		add(op, max(1, len(list)))
	}
	return requests
}
