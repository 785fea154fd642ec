package expression

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// compileReplace compiles Replace in the five modes of app provisioning, which depend on the arguments that are
// there, and in the form of Connect Sync: Replace(source, old, new), where \n, \r and \t mean what they do in C.
func compileReplace(c *compiler, n *Call) code {
	if len(n.Args) == 3 && n.Args[1] != nil && n.Args[2] != nil {
		return c.plain(n, &function{
			name: "Replace", params: []param{need("source", pTexts), need("oldValue", pText), nullable("newValue", pText)}, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) {
				return replaceAll(args[0].s, monikers.Replace(args[1].s), monikers.Replace(args[2].s))
			},
		})
	}
	has := func(i int) bool { return i < len(n.Args) && n.Args[i] != nil }
	const old, pattern, group, replacement, attribute, template = 1, 2, 3, 4, 5, 6
	var re *regexp.Regexp
	if has(pattern) {
		var problem code
		if re, problem = c.pattern(n.Args[pattern]); re == nil {
			return problem
		}
	}
	f := &function{name: "Replace", params: c.scope.table["replace"].params, result: aText}
	switch {
	case has(old) && has(replacement) && !has(pattern):
		f.apply = func(_ *Env, args []Value) (Value, error) {
			return replaceAll(args[0].s, args[old].s, args[replacement].s)
		}
	case has(old) && has(template) && !has(pattern):
		f.apply = func(_ *Env, args []Value) (Value, error) {
			return replaceAll(args[template].s, args[old].s, args[0].s)
		}
	case has(pattern) && has(group) && (has(replacement) || has(attribute)):
		index, problem := c.group(re, n.Args[group])
		if index < 0 {
			return problem
		}
		if has(replacement) {
			f.apply = func(_ *Env, args []Value) (Value, error) {
				return replaceGroup(re, index, args[0].s, args[replacement].s)
			}
			break
		}
		f.params = append([]param{nullable("source", pText)}, f.params[1:]...)
		f.apply = func(_ *Env, args []Value) (Value, error) {
			if args[0].s != "" {
				return args[0], nil
			}
			m := re.FindStringSubmatch(args[attribute].s)
			if m == nil {
				return Value{}, nil
			}
			return text(m[index]), nil
		}
	case has(pattern) && has(replacement):
		f.apply = func(_ *Env, args []Value) (Value, error) { return replacePattern(re, args[0].s, args[replacement].s) }
	default:
		return c.mistake(n, "Replace needs oldValue and replacementValue, oldValue and template, regexPattern and replacementValue, "+
			"or regexPattern, regexGroupName and one of replacementValue and replacementAttributeName")
	}
	return c.plain(n, f)
}

var monikers = strings.NewReplacer(`\r`, "\r", `\n`, "\n", `\t`, "\t")

// replaceFunction declares Replace; compileReplace chooses what it does.
func replaceFunction() *function {
	return &function{
		name: "Replace", special: compileReplace, result: aText,
		params: []param{
			need("source", pTexts), opt("oldValue", pText), opt("regexPattern", pText), opt("regexGroupName", pText),
			opt("replacementValue", pText), opt("replacementAttributeName", pText), opt("template", pText),
		},
	}
}

// pattern compiles a regular expression, which must be a constant. Where those of .NET and Go differ the mistake
// says so.
func (c *compiler) pattern(n Node) (*regexp.Regexp, code) {
	fixed := c.node(n)
	if fixed.constant == nil {
		return nil, c.mistake(n, "regexPattern of Replace must be a constant")
	}
	src := fixed.constant.String()
	re, err := regexp.Compile(src)
	if err == nil {
		return re, code{}
	}
	problem := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
	switch {
	case strings.Contains(src, "(?=") || strings.Contains(src, "(?!") || strings.Contains(src, "(?<=") || strings.Contains(src, "(?<!"):
		problem = "look-ahead and look-behind, as (?=…), are not possible here; match what is around too, and name the group to replace"
	case strings.Contains(problem, "invalid escape sequence"):
		problem = "this escape is not known; back-references, as \\1, are not possible here (" + problem + ")"
	}
	return nil, c.mistake(n, "regexPattern of Replace: %s", problem)
}

// group finds a group of a regular expression by its name or number.
func (c *compiler) group(re *regexp.Regexp, n Node) (int, code) {
	fixed := c.node(n)
	if fixed.constant == nil {
		return -1, c.mistake(n, "regexGroupName of Replace must be a constant")
	}
	name := fixed.constant.String()
	if i := re.SubexpIndex(name); i >= 0 {
		return i, code{}
	}
	if number, ok := parseNumber(name); ok && number.n >= 0 && number.n <= int64(re.NumSubexp()) {
		return int(number.n), code{}
	}
	return -1, c.mistake(n, "regexPattern has no group %q; a group is written (?<%[1]s>…)", name)
}

// errNoOld is the error of an empty text to look for, which .NET refuses too.
var errNoOld = errors.New("oldValue is empty")

// replaceAll replaces all occurrences of old, when the result does not become too long.
func replaceAll(s, old, replacement string) (Value, error) {
	if old == "" {
		return Value{}, errNoOld
	}
	if grow := len(replacement) - len(old); grow > 0 {
		if n := strings.Count(s, old); n > 0 && grow > (MaxText-len(s))/n {
			return Value{}, errTooLong
		}
	}
	return text(strings.ReplaceAll(s, old, replacement)), nil
}

// replacePattern replaces all matches; ${name} and $1 in the replacement are groups, as in .NET.
func replacePattern(re *regexp.Regexp, s, replacement string) (Value, error) {
	var out []byte
	last := 0
	for _, m := range re.FindAllStringSubmatchIndex(s, enough(replacement)) {
		out = append(out, s[last:m[0]]...)
		out = expand(out, re, replacement, s, m)
		last = m[1]
		if len(out) > MaxText {
			return Value{}, errTooLong
		}
	}
	return text(string(append(out, s[last:]...))), nil
}

// enough gives the number of matches after which a text with so many replacements is too long for certain; -1 when
// that cannot be told.
func enough(replacement string) int {
	if replacement == "" || strings.Contains(replacement, "$") {
		return -1
	}
	return MaxText/len(replacement) + 1
}

// expand writes the replacement. In .NET $12 is a group only when there are so many, and $name is text; Go's own
// Expand takes as many letters as it can.
func expand(out []byte, re *regexp.Regexp, replacement, s string, m []int) []byte {
	for {
		before, after, ok := strings.Cut(replacement, "$")
		out = append(out, before...)
		if !ok {
			return out
		}
		name, rest := groupName(after)
		index := re.SubexpIndex(name)
		if number, ok := parseNumber(name); ok && number.n <= int64(re.NumSubexp()) {
			index = int(number.n)
		}
		switch {
		case strings.HasPrefix(after, "$"):
			out, replacement = append(out, '$'), after[1:]
		case name != "" && index >= 0:
			if m[2*index] >= 0 {
				out = append(out, s[m[2*index]:m[2*index+1]]...)
			}
			replacement = rest
		default:
			out, replacement = append(out, '$'), after
		}
	}
}

// groupName reads {name} or digits behind a $.
func groupName(s string) (name, rest string) {
	if in, ok := strings.CutPrefix(s, "{"); ok {
		if name, rest, ok := strings.Cut(in, "}"); ok {
			return name, rest
		}
		return "", s
	}
	n := 0
	for n < len(s) && n < 2 && isDigit(s[n]) {
		n++
	}
	return s[:n], s[n:]
}

// replaceGroup replaces the text of one group in all matches.
func replaceGroup(re *regexp.Regexp, group int, s, replacement string) (Value, error) {
	var out []byte
	last := 0
	for _, m := range re.FindAllStringSubmatchIndex(s, enough(replacement)) {
		from, to := m[2*group], m[2*group+1]
		if from < last {
			continue
		}
		out = append(append(out, s[last:from]...), replacement...)
		if last = to; len(out) > MaxText {
			return Value{}, errTooLong
		}
	}
	return text(string(append(out, s[last:]...))), nil
}

// replaceChars replaces characters by a dictionary such as "ö:oe,ä:a". A pair may also be written with a comma, as
// the last one in Microsoft's sample is.
func replaceChars(s, dictionary string) (Value, error) {
	table := map[rune]string{}
	entries := strings.Split(strings.Join(strings.Fields(dictionary), ""), ",")
	for i := 0; i < len(entries); i++ {
		from, to, ok := strings.Cut(entries[i], ":")
		if !ok && i+1 < len(entries) && !strings.Contains(entries[i+1], ":") {
			i++
			to, ok = entries[i], true
		}
		r := []rune(from)
		if !ok || len(r) != 1 {
			return Value{}, fmt.Errorf("replacePattern is a list as \"ö:oe,ä:a\", each with one character before the colon")
		}
		table[r[0]] = to
	}
	var b strings.Builder
	for _, r := range s {
		to, ok := table[r]
		if !ok {
			to = string(r)
		}
		if b.Len()+len(to) > MaxText {
			return Value{}, errTooLong
		}
		b.WriteString(to)
	}
	return text(b.String()), nil
}
