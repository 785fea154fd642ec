package expression

import (
	"fmt"
	"strings"
)

// compileFormatDateTime compiles FormatDateTime in its three forms: (source, styles, inputFormat, outputFormat) of app
// provisioning, (source, inputFormat, outputFormat) of Cloud Sync, and (date, outputFormat) of Connect Sync.
func compileFormatDateTime(c *compiler, n *Call) code {
	args := [4]Node{}
	switch {
	case len(n.Args) == 2:
		args[0], args[3] = n.Args[0], n.Args[1]
	case len(n.Args) == 3:
		args[0], args[2], args[3] = n.Args[0], n.Args[1], n.Args[2]
	default:
		copy(args[:], n.Args)
	}
	fixed := func(i int, name string) (string, bool) {
		if args[i] == nil {
			return "", true
		}
		if code := c.node(args[i]); code.constant != nil {
			return code.constant.String(), true
		}
		c.mistake(args[i], "%s of FormatDateTime must be a constant", name)
		return "", false
	}
	styles, ok1 := fixed(1, "styles")
	input, ok2 := fixed(2, "inputFormat")
	output, ok3 := fixed(3, "outputFormat")
	kind := pDate
	if input != "" {
		kind = pText
	}
	source := c.argument(args[0], c.scope.table["formatdatetime"], param{name: "source", kind: kind})
	if !ok1 || !ok2 || !ok3 {
		return code{eval: null, types: aText}
	}
	w, problem := dateStyles(styles)
	if problem != "" {
		return c.mistake(args[1], "%s", problem)
	}
	out, err := newDateFormat(output)
	if err != nil {
		return c.mistake(n, "outputFormat of FormatDateTime: %v", err)
	}
	in, err := newDateFormat(input)
	if input == "" {
		return code{types: aText | aNull, eval: func(e *Env) (Value, error) {
			v, err := source.eval(e)
			if err != nil || v.kind == Null {
				return v, err
			}
			return text(out.format(v.n, utc)), nil
		}}
	}
	if err != nil {
		return c.mistake(args[2], "inputFormat of FormatDateTime: %v", err)
	}
	return code{types: aText | aNull, eval: func(e *Env) (Value, error) {
		v, err := source.eval(e)
		if err != nil || v.Empty() {
			return Value{}, err
		}
		ticks, z, err := in.parse(v.s, w)
		if err != nil {
			return Value{}, fmt.Errorf("FormatDateTime: %w", err)
		}
		return text(out.format(ticks, z)), nil
	}}
}

// dateStyles reads names of .NET's DateTimeStyles. Those about local time say nothing here, where local time is UTC.
func dateStyles(s string) (whites, string) {
	if strings.TrimSpace(s) == "" {
		return whites{leading: true, trailing: true}, ""
	}
	var w whites
	for _, name := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == '|' || r == ' ' }) {
		switch strings.TrimPrefix(name, "DateTimeStyles.") {
		case "AllowLeadingWhite":
			w.leading = true
		case "AllowTrailingWhite":
			w.trailing = true
		case "AllowInnerWhite":
			w.inner = true
		case "AllowWhiteSpaces":
			w = whites{true, true, true}
		case "None", "RoundtripKind", "AdjustToUniversal", "AssumeUniversal", "AssumeLocal", "NoCurrentDateDefault":
		default:
			return w, "styles are names of DateTimeStyles, as \"AllowWhiteSpaces\" or \"None\", separated by commas"
		}
	}
	return w, ""
}
