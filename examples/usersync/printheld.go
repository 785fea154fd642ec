package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/ilumy/usersync/provisioning"
)

// held prints the records about which nothing is done: those that wait for somebody, and those that wait for another attempt.
func (p *printer) held(plan *provisioning.Plan) {
	var mend, later []provisioning.Held
	for _, h := range plan.Held {
		if h.Until.IsZero() {
			mend = append(mend, h)
		} else {
			later = append(later, h)
		}
	}
	names := namesIn(plan)
	p.heldAs("Held, nothing is done about them until somebody mends them", mend, names)
	p.heldAs("Put off since they keep failing, and tried again by themselves, at once by \"usersync apply -again\"", later, names)
}

func (p *printer) heldAs(title string, held []provisioning.Held, names map[provisioning.Ref]string) {
	if len(held) == 0 {
		return
	}
	fmt.Fprintf(p.w, "  %s: %d\n", title, len(held))
	for i, h := range held {
		if p.sample >= 0 && i >= 3*max(p.sample, 1) {
			fmt.Fprintf(p.w, "    ... and %d more%s\n", len(held)-i, p.rest)
			return
		}
		where := ""
		if h.Where != "" {
			where = " (" + h.Where + ")"
		}
		fmt.Fprintf(p.w, "  ! %s %s%s: %s", h.Kind, who(h.Name, h.Link), where, settings(h.Reason))
		if others := rivals(h, names); len(others) > 0 {
			fmt.Fprintf(p.w, "; in conflict with %s", strings.Join(others, "; "))
		}
		if !h.Until.IsZero() {
			fmt.Fprintf(p.w, "; tried again after %s", h.Until.Local().Format(time.DateTime))
		}
		fmt.Fprintln(p.w)
	}
}

// rivals names the other records of a conflict, those of the target as such.
func rivals(h provisioning.Held, names map[provisioning.Ref]string) []string {
	var all []string
	for _, l := range h.With {
		text := string(l.Kind) + " " + who(names[provisioning.Ref{Kind: l.Kind, ID: l.Source}], l)
		if l.Target != "" && (l.Source == "" || l.Source == h.Source) {
			text = string(l.Kind) + " " + string(l.Target) + " of the target"
		}
		all = append(all, text)
	}
	return all
}

// namesIn gives what a plan knows of the names of records of the source.
func namesIn(plan *provisioning.Plan) map[provisioning.Ref]string {
	names := map[provisioning.Ref]string{}
	for _, c := range plan.Changes {
		names[provisioning.Ref{Kind: c.Kind, ID: c.Source}] = c.Name
	}
	for _, h := range plan.Held {
		names[provisioning.Ref{Kind: h.Kind, ID: h.Source}] = h.Name
	}
	return names
}

// who names a record, as a person and as its system calls it.
func who(name string, l provisioning.Link) string {
	id := cmp.Or(string(l.Source), string(l.Target), "without an ID")
	if name == "" {
		return id
	}
	return name + ", " + id
}
