package datamapper

import _ "embed"

// The fields of a rules file. The JSON Schema has the same.
var (
	rootFields      = []string{"version", "parameters", "users", "groups", "kinds", "tests"}
	kindFields      = []string{"scope", "disabled", "key", "validFrom", "validUntil", "onEmpty", "let", "attributes", "refs"}
	forms           = []string{"from", "value", "template", "first", "switch", "expression"} // a rule has one of them
	valueFields     = append([]string{"table", "default"}, forms...)
	ruleFields      = append([]string{"onEmpty", "required", "apply"}, valueFields...)
	refFields       = []string{"from", "onEmpty"}
	conditionFields = []string{"filter", "expression"}
	testFields      = []string{"name", "kind", "in", "want"}
)

//go:embed rules.schema.json
var schema []byte

// Schema gives the JSON Schema (draft 2020-12) of rules files, with which editors complete and check while somebody
// writes. It knows less than [Load], which also looks into filters, templates and expressions.
func Schema() []byte { return append([]byte{}, schema...) }
