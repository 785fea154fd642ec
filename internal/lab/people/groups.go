package people

import (
	"fmt"
	"slices"
)

// The values of groupType that the company uses.
const (
	globalSecurity     int32 = -2147483646
	universalSecurity  int32 = -2147483640
	globalDistribution int32 = 2
)

// makeGroups gives the company its groups: everybody, the departments within divisions within the
// organisation, two that hold each other, an empty one, and projects for the rest.
func (c *Company) makeGroups(n, employees int) {
	staff := c.People[:employees]
	all := c.group("Alle medewerkers", "Iedereen, rechtstreeks", globalSecurity)
	organisation := c.group("Organisatie", "De hele organisatie, alleen via andere groepen", universalSecurity)
	var inDivision []*Group
	for _, name := range divisions {
		d := c.group("Divisie "+name, "Divisie "+name, universalSecurity)
		inDivision = append(inDivision, d)
		organisation.add(&d.Entry)
	}
	byName := map[string]*Group{}
	for i, name := range departments {
		g := c.group("Afdeling "+name, "Afdeling "+name, globalSecurity)
		byName[name] = g
		inDivision[i%len(inDivision)].add(&g.Entry)
	}
	for _, p := range staff {
		if p.Disabled {
			continue
		}
		all.add(&p.Entry)
		byName[p.Department].add(&p.Entry)
	}
	a := c.group("Kring A", "In een kring", globalSecurity)
	b := c.group("Kring B", "In een kring", globalSecurity)
	a.add(&staff[0].Entry, &b.Entry)
	b.add(&a.Entry)
	c.group("Leeg", "Niemand", globalSecurity)
	admins := c.group("Beheerders", "Mensen en een dienst", globalSecurity)
	admins.add(&staff[1].Entry, &staff[2].Entry, &c.People[employees].Entry)
	for i := 0; len(c.Groups) < n; i++ {
		name := projects[i%len(projects)]
		if i >= len(projects) {
			name = fmt.Sprintf("%s %d", name, i/len(projects)+1)
		}
		g := c.group("Project "+name, "Projectgroep "+name, globalDistribution)
		g.Mail = "project-" + fold(name) + "@" + c.Domain
		for range 5 + c.rng.IntN(20) {
			if p := staff[c.rng.IntN(len(staff))]; !p.Disabled {
				g.add(&p.Entry)
			}
		}
		if i == 0 { // somebody of another forest
			g.add(&Entry{Class: Foreign, CN: "S-1-5-21-1004336348-1177238915-682003330-1119", OU: nil})
		}
	}
}

func (c *Company) group(name, description string, kind int32) *Group {
	g := &Group{Entry: c.entry(GroupEntry, c.Now.AddDate(-4, 0, len(c.Groups))), Description: description, Type: kind}
	g.CN, g.OU, g.Login = name, []string{"Groepen"}, shorten("g-"+fold(name), 20)
	g.Login = c.unique(g.Login, "login", "%d")
	c.Groups = append(c.Groups, g)
	return g
}

// GroupOf finds a group by its name.
func (c *Company) GroupOf(name string) *Group {
	for _, g := range c.Groups {
		if g.CN == name {
			return g
		}
	}
	return nil
}

// add makes entries members, those that are not yet.
func (g *Group) add(entries ...*Entry) {
	for _, e := range entries {
		// Only a short list is searched: long ones are filled from lists without repetitions.
		if len(g.Members) > 100 || !slices.Contains(g.Members, e) {
			g.Members = append(g.Members, e)
		}
	}
}

func (g *Group) remove(e *Entry) bool {
	i := slices.Index(g.Members, e)
	if i >= 0 {
		g.Members = slices.Delete(g.Members, i, i+1)
	}
	return i >= 0
}
