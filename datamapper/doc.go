// Package datamapper maps records by rules that are data: a file in YAML or JSON that an administrator writes.
//
//	version: 1
//	users:
//	  scope: 'employeeID pr and not (sAMAccountName sw "svc-")' # a SCIM filter over the source's attributes
//	  disabled: 'active eq false or employeeStatus eq "left"'   # without it: what the source says
//	  let:                                                      # values with names, which rules read as attributes
//	    mailname: {template: "{givenName|NormalizeDiacritics|StripSpaces|ToLower}"}
//	  attributes:
//	    userName: userPrincipalName                             # short for {from: userPrincipalName}
//	    name.givenName: {from: givenName, required: true}
//	    title: {from: title, onEmpty: clear}
//	    userType: {value: Employee}
//	    displayName: {template: "{givenName} {middleName?} {sn}"}
//	    emails: {first: [mail, userPrincipalName]}
//	    department: {switch: department, table: {HR: People}, default: Other}
//	    locale: {expression: 'Switch([c], "nl-NL", "BE", "nl-BE")'}
//	  refs:
//	    manager: manager
//	groups:
//	  attributes: {displayName: cn}
//	  refs: {members: member}
//
// A rule has one of from, value, template ([expression.ParseTemplate]), first (the first that is not empty), switch with
// table, and expression (the language of package [expression]). When that gives nothing, the attribute becomes default;
// without a default, onEmpty says what happens: keep leaves the target's values alone, clear removes them, and hold leaves
// the whole record alone and reports it; "required: true" is short for it. onEmpty beside scope is for all
// rules of the kind. An expression may also decide itself, by AuthoritativeNull (clear) and
// IgnoreThisFlow (keep).
//
// Values of an attribute are a set. A filter's comparison holds when it does for any of them, texts compare
// without regard to case, and ne is the opposite of eq. Names of source attributes are compared without
// regard to case. Every record has, besides its attributes and references, id, externalId and active (true or false).
//
// The ExternalID of a mapped record is the source's ID, unless "key: employeeID" names something else that is unique
// and never changes. A record without it is held. validFrom and validUntil are rules for the bounds of
// [provisioning.Record]; a day without a time counts whole, in UTC. "apply: create" writes an attribute only when
// the record is made; [Mapping.CreateOnly] tells the reconciler so. Constants of expressions, read as %name%, stand
// under parameters, and kinds other than users and groups under kinds.
//
// Mistakes are found when the file is loaded, all at once, each with its line and column: unknown fields and functions,
// types, cycles, and, where [Options] tell which there are, unknown attributes. Rules can bring tests, which run then
// too:
//
//	tests:
//	  - name: a new employee
//	    in: {employeeID: "7", givenName: Jan, sn: de Vries, active: true}
//	    want: {userName: jan@example.com, title: []} # [] is cleared; an empty value is left alone
//	  - name: a service account
//	    in: {sAMAccountName: svc-backup}
//	    want: skipped # or held, or mapped
//
// What a record becomes, and why, tells [Mapping.Explain].
//
// A user of Active Directory with 15 rules, 6 of them expressions, takes about 3.4 µs of one core and 10 allocations on a machine of two
// cores; the same rules in expr-lang/expr take 1.7 times as long. BenchmarkMapping in internal/peerbench compares them.
package datamapper
