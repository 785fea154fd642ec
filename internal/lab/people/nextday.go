package people

import (
	"strings"
	"time"
)

// A Story tells what happened to a company in a day.
type Story struct {
	Joined                                              []*Person
	Left, Disabled, Renamed, Moved, Rehired, NewManager *Person
	Grown, Shrunk, Founded, Nested                      *Group
	OldMail, OldDepartment                              string
}

// NextDay lets a day pass: five people join, one is gone from the directory, one is disabled, one
// marries, one changes departments, one comes back, one gets another manager, and groups change. It
// wants a company of 200 people or more, and happens once.
func (c *Company) NextDay() *Story {
	c.Now = c.Now.AddDate(0, 0, 1)
	staff := 0
	for staff < len(c.People) && c.People[staff].Class == Employee {
		staff++
	}
	// Nobody's manager, so that only they themselves are concerned.
	s := &Story{Left: c.People[staff-9], Disabled: c.People[staff-22], Renamed: c.People[4], Moved: c.People[staff-31],
		Rehired: c.People[40], NewManager: c.People[staff-16]}

	c.leaveGroups(&s.Left.Entry)
	c.leaveGroups(&s.Disabled.Entry)
	c.People = append(c.People[:staff-9:staff-9], c.People[staff-8:]...)
	staff--

	s.Disabled.Disabled, s.Disabled.OU = true, []string{"Uit dienst"}
	c.touch(&s.Disabled.Entry)

	p := s.Renamed
	s.OldMail = p.Mail
	p.OtherMail = append(p.OtherMail, p.Mail)
	prefix := p.prefix()
	p.setName(c, [2]string{prefix, strings.TrimPrefix(p.Surname, prefix+" ") + "-van 't Hof"}, false)
	c.touch(&p.Entry)

	p = s.Moved
	s.OldDepartment = p.Department
	for i, d := range departments {
		if d == p.Department {
			p.Department = departments[(i+7)%len(departments)]
			break
		}
	}
	p.Title = "Teamleider"
	p.Manager = &c.People[2].Entry
	c.change("Afdeling "+s.OldDepartment, func(g *Group) { g.remove(&p.Entry) })
	c.change("Afdeling "+p.Department, func(g *Group) { g.add(&p.Entry) })
	c.touch(&p.Entry)

	p = s.Rehired
	p.Disabled, p.OU, p.PasswordSet = false, []string{p.City, "Medewerkers"}, c.Now.Add(-20*time.Hour)
	c.change("Afdeling "+p.Department, func(g *Group) { g.add(&p.Entry) })
	c.change("Alle medewerkers", func(g *Group) { g.add(&p.Entry) })
	c.touch(&p.Entry)

	s.NewManager.Manager = &c.People[3].Entry
	c.touch(&s.NewManager.Entry)

	services := c.People[staff:]
	c.People = c.People[:staff:staff]
	for range 5 {
		j := c.hire(staff+1000, 1)
		j.Created, j.Changed = c.Now.Add(-18*time.Hour), c.Now.Add(-17*time.Hour)
		j.PasswordSet, j.LastLogon = time.Time{}, time.Time{}
		j.Manager = &c.People[5].Entry
		c.change("Afdeling "+j.Department, func(g *Group) { g.add(&j.Entry) })
		c.change("Alle medewerkers", func(g *Group) { g.add(&j.Entry) })
		s.Joined = append(s.Joined, j)
	}
	c.People = append(c.People, services...)

	s.Shrunk = c.change(c.project(1, "Beheerders"), func(g *Group) { g.Members = g.Members[1:] })
	s.Grown = c.change(c.project(2, "Leeg"), func(g *Group) { g.add(&s.Joined[0].Entry, &s.Joined[1].Entry) })
	s.Founded = c.group("Project Vlaggenschip", "Projectgroep Vlaggenschip", globalDistribution)
	s.Founded.Created = c.Now.Add(-16 * time.Hour)
	s.Founded.add(&s.Joined[2].Entry, &c.People[0].Entry, &s.Renamed.Entry)
	s.Nested = c.change("Divisie "+divisions[2], func(g *Group) {
		g.remove(&c.GroupOf("Afdeling " + departments[2]).Entry)
		g.add(&s.Founded.Entry)
	})
	c.touch(&s.Founded.Entry)
	return s
}

// prefix is "van der" of "van der Meer".
func (p *Person) prefix() string {
	for _, name := range surnames {
		if name[0] != "" && p.Surname == name[0]+" "+name[1] {
			return name[0]
		}
	}
	return ""
}

// project names the group of a project, or another where there are so few groups that it has none.
func (c *Company) project(i int, other string) string {
	if name := "Project " + projects[i]; c.GroupOf(name) != nil {
		return name
	}
	return other
}

func (c *Company) change(name string, do func(*Group)) *Group {
	g := c.GroupOf(name)
	do(g)
	c.touch(&g.Entry)
	return g
}

// leaveGroups takes an entry out of all groups.
func (c *Company) leaveGroups(e *Entry) {
	for _, g := range c.Groups {
		if g.remove(e) {
			c.touch(&g.Entry)
		}
	}
}

// touch gives an entry the marks of a change.
func (c *Company) touch(e *Entry) {
	e.Changed = c.Now.Add(-time.Duration(1+c.rng.IntN(60000)) * time.Second)
	e.USN = c.usn
	c.usn += 2
}
