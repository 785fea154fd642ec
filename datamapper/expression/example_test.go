package expression_test

import (
	"fmt"

	"github.com/ilumy/usersync/datamapper/expression"
)

func Example() {
	program, scope, err := expression.Compile(`ToLower(Join(".", NormalizeDiacritics([givenName]), [surname]))`, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	record := scope.Env()
	defer record.Release()
	record.Set("givenName", []string{"Zoë"})
	record.Set("surname", []string{"Jansen"})
	value, err := program.Eval(record)
	fmt.Println(value, err)
	// Output: zoe.jansen <nil>
}

func ExampleCompile_mistake() {
	_, _, err := expression.Compile(`ToLowr([givenNme])`, &expression.Options{Attributes: []string{"givenName", "sn"}})
	fmt.Println(err)
	// Output: at character 1: there is no function ToLowr, did you mean "ToLower"?; at character 8: the source has no attribute "givenNme", did you mean "givenName"?
}
