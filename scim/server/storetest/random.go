package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/ilumy/usersync/scim"
)

// A chance makes users of few different values, and filters that find some of them. It is the same each time.
type chance struct{ *rand.Rand }

func newChance() chance { return chance{rand.New(rand.NewPCG(1, 2))} }

// pick gives one of several texts.
func (c chance) pick(texts ...string) string { return texts[c.IntN(len(texts))] }

func (c chance) user(name string) string {
	more := c.pick("", `,"title":"Guide"`, `,"title":"guide 2"`, `,"title":"Boss"`, `,"title":""`)
	more += c.pick("", fmt.Sprintf(`,"name":{"familyName":"family%d"}`, c.IntN(20)), fmt.Sprintf(`,"name":{"familyName":"Family%d","givenName":"given%d"}`, c.IntN(20), c.IntN(3)))
	more += c.pick("", fmt.Sprintf(`,%q:{"department":"department%d"}`, scim.EnterpriseUserSchema, c.IntN(4)))
	if c.IntN(2) == 0 {
		more += fmt.Sprintf(`,"emails":[{"value":"mail%d@example.com","type":"work","primary":%v},{"value":"mail%d@example.com"%s}]`,
			c.IntN(100), c.IntN(2) == 0, c.IntN(100), c.pick("", `,"type":"home"`, `,"display":"work"`))
	}
	return fmt.Sprintf(`{"schemas":[%q],"userName":%q,"active":%v%s}`, scim.UserSchema, name, c.IntN(2) == 0, more)
}

func (c chance) filter(depth int) string {
	switch n := c.IntN(10); {
	case depth > 0 && n < 5:
		op := c.pick("and", "or", "or")
		return "(" + c.filter(depth-1) + " " + op + " " + c.filter(depth-1) + ")"
	case depth > 0 && n < 7:
		return "not (" + c.filter(depth-1) + ")"
	case n == 7:
		return "emails[" + c.within(2) + "]"
	}
	op := c.pick("eq", "eq", "eq", "ne", "co", "sw", "ew", "gt", "le")
	switch c.IntN(7) {
	case 0:
		return c.pick("title", "name", "name.givenName", "emails", "emails.type", "emails.display", scim.EnterpriseUserSchema+":department", "active", "externalId") + " pr"
	case 1:
		return c.pick("active eq true", "active ne true", "active eq false")
	case 2:
		return fmt.Sprintf(`name.familyName %s "FAMILY%d"`, op, c.IntN(22))
	case 3:
		return fmt.Sprintf(`userName %s "u%d"`, op, c.IntN(350))
	case 4:
		return fmt.Sprintf(`%s %s "mail%d@example.com"`, c.pick("emails", "emails.value"), op, c.IntN(110))
	case 5:
		return fmt.Sprintf(`%s:department %s "department%d"`, scim.EnterpriseUserSchema, op, c.IntN(5))
	}
	return fmt.Sprintf(`title %s "%s"`, op, c.pick("guide", "boss", "2", "", "GUIDE 2"))
}

// within gives a filter of one mail address.
func (c chance) within(depth int) string {
	switch n := c.IntN(8); {
	case depth > 0 && n < 3:
		return "(" + c.within(depth-1) + " " + c.pick("and", "or") + " " + c.within(depth-1) + ")"
	case depth > 0 && n < 4:
		return "not (" + c.within(depth-1) + ")"
	}
	return c.pick(`type eq "work"`, `type ne "work"`, "type pr", "primary eq true", `display co "or"`, "display pr",
		fmt.Sprintf(`value eq "MAIL%d@example.com"`, c.IntN(110)), fmt.Sprintf(`value sw "mail%d"`, c.IntN(10)))
}

// testRandom compares the answers to many filters with what Filter.Match says of each resource, while resources come,
// change and go.
func testRandom(s *suite) {
	const users, rounds = 300, 150
	c, have := newChance(), []*scim.Resource{}
	for i := range users {
		have = append(have, s.create(s.users, s.decode(s.users, "%s", c.user(fmt.Sprintf("u%d", i)))))
	}
	for i := range rounds {
		at := c.IntN(len(have))
		switch i % 4 {
		case 0:
			if err := s.store.Delete(s.ctx(), s.users, have[at].ID(), ""); err != nil {
				s.Fatal(err)
			}
			have = slices.Delete(have, at, at+1)
		case 1:
			next := s.decode(s.users, "%s", c.user(have[at].GetString("userName")))
			have[at] = s.replace(s.users, withID(next, have[at].ID()), "")
		case 2:
			have = append(have, s.create(s.users, s.decode(s.users, "%s", c.user(fmt.Sprintf("late%d", i)))))
		}
		s.wantMatches(s.query(s.users, c.filter(3)), have)
	}
}
