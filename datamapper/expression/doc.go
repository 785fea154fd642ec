// Package expression is the language of attribute mappings of Microsoft Entra ID: expressions that an
// administrator has there are pasted here and give the same.
//
//	Join(" ", [givenName], [surname])
//	Switch([department], "Other", "R&D", "Research", "HR", "People")
//	ToLower(Append(Left(NormalizeDiacritics([givenName]), 1), [surname]))
//
// Attributes stand in brackets, constants in double quotes with \ before " and \, and arguments may be left
// empty. It has the functions of app provisioning, and those of Cloud Sync and Connect Sync that work
// without their servers: the operator &, %Parameter%, $variables of Select, Where and With, NULL,
// AuthoritativeNull and IgnoreThisFlow. What those lack and is not in the way is here too: "and" and "or"
// between conditions, and names of functions in any case.
//
// Where the three dialects differ in one function, its arguments tell which is meant: Join(separator, source, …) and
// Join(attribute, delimiter), Switch(source, default, key, value, …) and Switch(condition, value, …), Replace with seven
// arguments and with three, FormatDateTime with four, three and two. A function of one text that is given several values is applied
// to each.
//
// It differs from Entra in this:
//
//   - Tests such as IsNullOrEmpty may be the condition of IIF. A comparison with an attribute that has no value makes IIF
//     fail, as there; [Program.Warnings] tells where that can happen.
//   - Positions and lengths count characters, not UTF-16 units; these are the same for all letters of names.
//   - Regular expressions have no look-around and no back-references, and take linear time.
//   - SelectUniqueValue and ImportedValue, which ask the target, are refused; so are Now, Guid, RandomString and RandomNum
//     unless [Options].Volatile allows them.
//   - Binary values, such as certificates, are base64.
//   - What the references leave open is pinned by the tests: most functions give null for null.
//
// Expressions are checked when they are compiled: unknown attributes and functions, numbers and types of
// arguments, constants that cannot work, regular expressions. Then they are closures over the values of
// one record. There are no loops over more than one list, so that the cost of an expression is bounded by its size and
// that of the record; what a text may grow to is bounded as well ([MaxText], [MaxList]).
//
// A [Scope] is what expressions have in common: the names they may read. An [Env] holds the values of one
// record.
package expression
