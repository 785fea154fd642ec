package filter_test

import (
	"fmt"

	"github.com/ilumy/usersync/scim/filter"
)

func Example() {
	f := filter.And(
		filter.Attr("active").Eq(true),
		filter.Attr("emails").Has(filter.And(
			filter.Attr("type").Eq("work"),
			filter.Attr("value").Ew("@example.com"),
		)),
	)
	fmt.Println(filter.Format(f))

	_, err := filter.Parse(`userName = "bjensen"`, nil)
	fmt.Println(err)
	// Output:
	// active eq true and emails[type eq "work" and value ew "@example.com"] <nil>
	// at character 10: an operator is expected: eq, ne, co, sw, ew, gt, ge, lt, le or pr
}

func ExampleField_Path() {
	fmt.Println(filter.Attr("emails").Path(filter.Attr("type").Eq("work"), "value"))
	fmt.Println(filter.Attr("members").Path(filter.Attr("value").Eq("2819c223"), ""))
	// Output:
	// emails[type eq "work"].value <nil>
	// members[value eq "2819c223"] <nil>
}

// A names collects the attributes that a filter is about.
type names struct{ list []string }

func (n *names) Comparison(e *filter.AttributeExpression) (int, error) {
	n.list = append(n.list, e.AttributePath.String())
	return 1, nil
}
func (n *names) Logical(_ filter.LogicalOperator, left, right int) (int, error) {
	return left + right, nil
}
func (n *names) Not(operand int) (int, error) { return operand, nil }
func (n *names) ValuePath(p filter.AttributePath, visit func() (int, error)) (int, error) {
	n.list = append(n.list, p.String())
	return visit()
}

func ExampleVisit() {
	e, err := filter.Parse(`userName eq "a" or not (emails[type eq "work"])`, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	var n names
	count, err := filter.Visit(e, &n)
	fmt.Println(count, n.list, err)
	// Output: 2 [userName emails type] <nil>
}
