package expression

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEdges pins what the references tell in words, and what they leave open.
func TestEdges(t *testing.T) {
	check(t, []sample{
		// Null stays null where the references say nothing, and is an empty text where they do.
		{`Append([no], "x")`, nil, "<null>"},
		{`ToLower([no])`, nil, "<null>"},
		{`Left([no], 3)`, nil, ""},
		{`Right([no], 3)`, nil, ""},
		{`Word([no], 1, " ")`, nil, ""},
		{`PadLeft([no], 2, "0")`, nil, "00"},
		{`Len([no])`, nil, "0"},
		{`Count([no])`, nil, "0"},
		{`Count([one])`, []string{"one=x"}, "1"},
		{`Count([two])`, []string{"two=x|y"}, "2"},
		{`Coalesce([no], "", "x")`, nil, ""},
		{`Coalesce([no], [no])`, nil, "<null>"},
		{`IsNull([empty])`, []string{"empty="}, "False"},
		{`IsNullOrEmpty([empty])`, []string{"empty="}, "True"},
		{`IsPresent([empty])`, []string{"empty="}, "False"},
		{`IsString([two])`, []string{"two=x|y"}, "False"},
		{`IsNumeric("12.5")`, nil, "True"},
		{`IsNumeric("1e5")`, nil, "False"},
		{`IsDate("2021-02-29")`, nil, "False"},
		{`Not("True")`, nil, "False"},
		{`Not("no")`, nil, "True"},
		{`Not([no])`, nil, "True"},
		{`Not([a] = "x")`, []string{"a=x"}, "False"},
		{`CBool([no] = "x")`, nil, "False"},
		{`CBool(0)`, nil, "False"},
		{`CBool(2)`, nil, "True"},
		// Lengths and positions.
		{`Left("abc", 0)`, nil, ""},
		{`Left("abc", -1)`, nil, "abc"},
		{`Left("abc", 9)`, nil, "abc"},
		{`Left("Zoë", 3)`, nil, "Zoë"},
		{`Right("abc", 0)`, nil, ""},
		{`Right("Zoë", 1)`, nil, "ë"},
		{`Mid("abc", 9, 1)`, nil, "abc"},
		{`Mid("abc", 0, 1)`, nil, "abc"},
		{`Mid("abc", 2, 0)`, nil, ""},
		{`Mid("abc", 2)`, nil, "bc"},
		{`InStr("abc", "x")`, nil, "0"},
		{`InStr("ABC", "b", 1, vbTextCompare)`, nil, "2"},
		{`InStr("ABC", "b")`, nil, "0"},
		{`InStr("abc", "a", 9)`, nil, "0"},
		{`InStrRev("abcabc", "b", 4)`, nil, "2"},
		{`Word("a  b", 2, " ")`, nil, "b"},
		{`Word("a b", 3, " ")`, nil, ""},
		{`Word("a b", 0, " ")`, nil, ""},
		{`Item([two], 2)`, []string{"two=x|y"}, "y"},
		{`Item([one], 1)`, []string{"one=x"}, "x"},
		{`Item([two], 3)`, []string{"two=x|y"}, "error: Item: there is no value at this index…"},
		{`ItemOrNull([two], 3)`, []string{"two=x|y"}, "<null>"},
		{`Contains([two], "Y")`, []string{"two=x|y"}, "0"},
		{`Contains([two], "Y", CaseInsensitive)`, []string{"two=x|y"}, "2"},
		{`PadLeft("abc", 2, "0")`, nil, "abc"},
		{`PadLeft("abc", "-99999999999999999999", "0")`, nil, "abc"},
		{`PadLeft("abc", "-9223372036854775808", "0")`, nil, "abc"},
		{`Mid("abc", 2, "99999999999999999999")`, nil, "bc"},
		{`Left("abc", "99999999999999999999")`, nil, "abc"},
		// Letters.
		{`ToLower("ÉLISE İ I", "tr-TR")`, nil, "élıse i ı"},
		{`ToUpper("istanbul", "tr-TR")`, nil, "İSTANBUL"},
		{`ToUpper("istanbul", "nl-NL")`, nil, "ISTANBUL"},
		{`ToUpper("straße")`, nil, "STRAßE"},
		{`PCase("o'neil 3com a3b jan-kees")`, nil, "O'neil 3Com A3b Jan-Kees"},
		{`NormalizeDiacritics("Æblegrød ŒUVRE ß İıłø ÅÄÖ đð")`, nil, "AEblegroed OEUVRE ss Iiloe AAO đð"},
		{"NormalizeDiacritics(\"e\u0301 a\u0304\u0301 \u0301x\")", nil, "e a \u0301x"},
		{`StripSpaces(" a b	c ")`, nil, "ab	c"},
		// Joining and splitting.
		{`Join("-", [a], [no], "", [b])`, []string{"a=1|2", "b=3"}, "1-2-3"},
		{`Join("", [no])`, nil, ""},
		{`Join([two])`, []string{"two=x|y"}, "x y"},
		{`Split("a;b;c", ";", 2)`, nil, "[a|b;c]"},
		{`Split([no], ",")`, nil, "<null>"},
		// Several values: each of them, or an error.
		{`ToLower([two])`, []string{"two=X|Y"}, "[x|y]"},
		{`Left(Item([two], 1), 1)`, []string{"two=Xx|Y"}, "X"},
		{`Len([two])`, []string{"two=X|Y"}, "error: source of Len: several values where one is expected…"},
		{`IIF([two] = "X", "1", "2")`, []string{"two=X|Y"}, "error: IIF: several values where one is expected…"},
		{`Switch([two], "none", "X", "1", "Z", "3")`, []string{"two=X|Y"}, "[1]"},
		{`Switch([two], "none", "Z", "3")`, []string{"two=X|Y"}, "none"},
		{`Where($item, [two], Left($item, 1) = "X")`, []string{"two=X1|Y2|X3"}, "[X1|X3]"},
		{`Select($item, Split("a,b", ","), $item & "!")`, nil, "[a!|b!]"},
		{`With($n, Count([two]), IIF($n > 1, "many", "few"))`, []string{"two=x|y"}, "many"},
		{`With($a, "1", With($b, $a & "2", $b & $a))`, nil, "121"},
		{`SingleAppRoleAssignment([roles])`, []string{"roles=admin|user"}, "admin"},
		{`AppRoleAssignmentsComplex([roles])`, []string{"roles=admin|user"}, "[admin|user]"},
		// Comparisons.
		{`IIF([no] = "x", "1", "2")`, nil, "error: IIF: the condition compares an attribute that has no value…"},
		{`IIF([empty] = "x", "1", "2")`, []string{"empty="}, "error: IIF: the condition compares an attribute that has no value…"},
		{`IIF([n] > 9, "1", "2")`, []string{"n=10"}, "1"},
		{`IIF([n] > [m], "1", "2")`, []string{"n=10", "m=9"}, "1"},
		{`IIF([n] = 10, "1", "2")`, []string{"n=010"}, "1"},
		{`IIF([n] = "10", "1", "2")`, []string{"n=010"}, "2"},
		{`IIF([n] = "USA", "1", "2")`, []string{"n=usa"}, "2"},
		{`IIF([n] > 9, "1", "2")`, []string{"n=x"}, "error: IIF: the two sides of a comparison are of different types"},
		{`IIF([n] <> 9, "1", "2")`, []string{"n=x"}, "1"},
		{`IIF(CDate([d]) <= CDate("2020-01-02"), "1", "2")`, []string{"d=1/2/2020"}, "1"},
		{`IIF([b] = True, "1", "2")`, []string{"b=TRUE"}, "1"},
		{`IIF([a] = "x" and [b] = "y" or [a] = "z", "1", "2")`, []string{"a=x", "b=y"}, "1"},
		{`IIF([a] = "x" or [no] = "y", "1", "2")`, []string{"a=x"}, "1"},
		{`IIF([a] = "x" and [no] = "y", "1", "2")`, []string{"a=q"}, "2"},
		{`iif((([a]) == "x") AND [a] != "y", "1", )`, []string{"a=x"}, "1"},
		{`Switch([a], , "x", "1")`, []string{"a=y"}, "<null>"},
		{`Switch(CBool([a] = "x"), "none", "True", "yes")`, []string{"a=x"}, "yes"},
		{`Switch([a], "none", [b], "same")`, []string{"a=x", "b=x"}, "same"},
		{`[a] & [no] & "!"`, []string{"a=x"}, "x!"},
		{`[a]&Trim("y")&Left("zz", &H1)&[a]`, []string{"a=x"}, "xyzx"},
		// Outcomes.
		{`IIF([a] = "x", AuthoritativeNull, [a])`, []string{"a=x"}, "<clear>"},
		{`IIF([a] = "x", IgnoreThisFlow, [a])`, []string{"a=x"}, "<ignore>"},
		{`Error("no " & [a])`, []string{"a=secret"}, "error: Error: the rule refuses this record"},
		// Replace.
		{`Replace([a], "x", , , "y")`, []string{"a=X"}, "X"},
		{`Replace([a], , "(a)(b)?", , "<$1$2$3$$>")`, []string{"a=ab a"}, "<ab$3$> <a$3$>"},
		{`Replace([a], , "(?<n>b)", "1", "x")`, []string{"a=abb"}, "axx"},
		{`Replace([a], "x", , , "y")`, []string{"a=x1|x2"}, "[y1|y2]"},
		{`Replace([no], , "x", "0", , [b])`, []string{"b=y"}, "<null>"},
		// Numbers.
		{`BitAnd([uac], 2)`, []string{"uac=514"}, "2"},
		{`BitAnd([uac], 2)`, []string{"uac=x"}, "error: value1 of BitAnd: a text that is not a number where a number is expected"},
		{`CNum("1.50")`, nil, "1.5"},
		{`CNum("&HFF")`, nil, "255"},
		{`BitOr(1, 6)`, nil, "7"},
		{`DateFromNum([expires])`, []string{"expires=9223372036854775807"}, "error: DateFromNum: a date outside the years 1 to 9999"},
		// Binary values.
		{`StringFromGuid(CGuid("00112233-4455-6677-8899-AABBCCDDEEFF"))`, nil, "00112233-4455-6677-8899-aabbccddeeff"},
		{`StringFromGuid("{00112233-4455-6677-8899-AABBCCDDEEFF}")`, nil, "00112233-4455-6677-8899-aabbccddeeff"},
		{`StringFromSid("AQUAAAAAAAUVAAAAoGXPfnhLm1/nfIdwr/1IAQ==")`, nil, "S-1-5-21-2127521184-1604012920-1887927527-21560751"},
		{`StringFromSid("S-1-5-18")`, nil, "S-1-5-18"},
		{`ConvertToBase64("é")`, nil, "6QA="},
		{`ConvertFromBase64([b], UTF8)`, []string{"b=6Q=="}, "error: ConvertFromBase64: source is not text in UTF-8"},
		{`DNComponent([dn], 2)`, []string{`dn=cn=Doe\, John,ou=IT`}, "IT"},
		{`DNComponent([dn], 9)`, []string{`dn=cn=Doe`}, "<null>"},
		{`DNComponent([dn], 1)`, []string{`dn=Doe`}, "error: DNComponent: dn is not a distinguished name…"},
		// What gives another value each time.
		{`Guid()`, nil, "074db121-0385-4563-874d-b1210385d563"},
		{`Len(RandomString(10,2,2,2,1,"?,"))`, nil, "10"},
		{`Len(RandomString(6,3,0,0,3))`, nil, "6"},
		{`RandomString(3,0,0,0,0,"bcdefghijklmnopqrstuvwxyz")`, nil, "aaa"},
		{`IIF(RandomNum(5, 6) >= 5, "1", "2")`, nil, "1"},
		// Values that are quoted otherwise.
		{`"a \"b\" \\ \d"`, nil, `a "b" \ \d`},
		{`[ a ]`, []string{"a=x"}, "x"},
		{`[A]`, []string{"a=x"}, "x"},
		{`True`, nil, "True"},
		{`NULL`, nil, "<null>"},
		{"\n\tTrim (\"x\" )\n", nil, "x"},
	})
}

// TestDates covers the forms that CDate reads, the letters of formats, and the ends of months.
func TestDates(t *testing.T) {
	const iso = `, "yyyy-MM-ddTHH:mm:ss.FFFFFFF")`
	check(t, []sample{
		{`FormatDateTime(CDate("2024-02-29")` + iso, nil, "2024-02-29T00:00:00"},
		{`FormatDateTime(CDate("2024-02-29T23:59:59.1234567Z")` + iso, nil, "2024-02-29T23:59:59.1234567"},
		{`FormatDateTime(CDate("2024/2/9 3:04 pm")` + iso, nil, "2024-02-09T15:04:00"},
		{`FormatDateTime(CDate("12/31/2024 12:00:00 AM")` + iso, nil, "2024-12-31T00:00:00"},
		{`FormatDateTime(CDate("12/31/2024 12:30 PM +01:00")` + iso, nil, "2024-12-31T11:30:00"},
		{`FormatDateTime(CDate("31 December 2024")` + iso, nil, "2024-12-31T00:00:00"},
		{`FormatDateTime(CDate("Dec 31, 2024 5 PM")` + iso, nil, "2024-12-31T17:00:00"},
		{`FormatDateTime(CDate("Tue, 31 Dec 2024 10:11:12 GMT")` + iso, nil, "2024-12-31T10:11:12"},
		{`FormatDateTime(CDate("20241231101112.0Z")` + iso, nil, "2024-12-31T10:11:12"},
		{`FormatDateTime(CDate("20241231101112+0100")` + iso, nil, "2024-12-31T09:11:12"},
		{`FormatDateTime(CDate("20241231")` + iso, nil, "2024-12-31T00:00:00"},
		{`CDate([d])`, []string{"d=31/12/2024"}, "error: expression of CDate: a text that is not a date…"},
		{`CDate([d])`, []string{"d=2024-02-30"}, "error: expression of CDate: a text that is not a date…"},
		{`CDate([d])`, []string{"d=2024-01-01 25:00"}, "error: expression of CDate: a text that is not a date…"},
		{`CDate([d])`, []string{"d=2024-01-01T"}, "error: expression of CDate: a text that is not a date…"},
		{`CDate([d])`, []string{"d=0001-01-01 +01:00"}, "error: expression of CDate: a date outside the years 1 to 9999"},
		{`DateAdd("m", 1, CDate("2024-01-31"))`, nil, "2/29/2024 12:00:00 AM"},
		{`DateAdd("yyyy", 1, CDate("2024-02-29"))`, nil, "2/28/2025 12:00:00 AM"},
		{`DateAdd("q", -1, CDate("2024-05-31 10:00"))`, nil, "2/29/2024 10:00:00 AM"},
		{`DateAdd("h", 36, CDate("2024-01-31"))`, nil, "2/1/2024 12:00:00 PM"},
		{`DateAdd("d", [n], CDate("2024-01-31"))`, []string{"n=99999999999999"}, "error: DateAdd: a date outside the years 1 to 9999"},
		{`DateAdd("yyyy", [n], CDate("2024-01-31"))`, []string{"n=8000"}, "error: DateAdd: a date outside the years 1 to 9999"},
		{`DateDiff("q", CDate("2023-12-31"), CDate("2024-01-01"))`, nil, "1"},
		{`DateDiff("yyyy", CDate("2023-12-31"), CDate("2024-01-01"))`, nil, "1"},
		{`DateDiff("w", CDate("2024-01-01"), CDate("2024-01-14"))`, nil, "1"},
		{`DateDiff("ww", CDate("2024-01-06"), CDate("2024-01-07"))`, nil, "1"},
		{`DateDiff("h", CDate("2024-01-01 10:59"), CDate("2024-01-01 11:00"))`, nil, "0"},
		{`FormatDateTime(CDate("2024-03-05 16:07:08"), "dddd ddd d dd MMMM MMM M yy y h hh H m s t tt z zz zzz g")`, nil,
			"Tuesday Tue 5 05 March Mar 3 24 24 4 04 16 7 8 P PM +0 +00 +00:00 A.D."},
		{`FormatDateTime(CDate("2024-03-05 16:07:08.5"), "o")`, nil, "2024-03-05T16:07:08.5000000Z"},
		{`FormatDateTime(CDate("2024-03-05 16:07:08"), "r")`, nil, "Tue, 05 Mar 2024 16:07:08 GMT"},
		{`FormatDateTime(CDate("2024-03-05"), "'year' yyyy \\y \"q\" %d")`, nil, "year 2024 y q 5"},
		{`FormatDateTime([d], , "dd-MM-yyyy", "yyyyMMdd")`, []string{"d= 05-03-2024 "}, "20240305"},
		{`FormatDateTime([d], "None", "dd-MM-yyyy", "yyyyMMdd")`, []string{"d= 05-03-2024"}, "error: FormatDateTime: the value does not have the form that inputFormat says"},
		{`FormatDateTime([d], "AllowInnerWhite", "dd-MM-yyyy", "yyyyMMdd")`, []string{"d=05 - 03-2024"}, "20240305"},
		{`FormatDateTime([d], , "d MMM yy", "yyyyMMdd")`, []string{"d=5 mar 51"}, "19510305"},
		{`FormatDateTime([d], , "M/d/yyyy h:mm:ss tt", "HHmmss")`, []string{"d=3/5/2024 12:05:06 AM"}, "000506"},
		{`FormatDateTime([d], , "yyyy-MM-dd", "yyyy")`, []string{"d=24-03-05"}, "error: FormatDateTime: the value does not have the form that inputFormat says"},
		{`FormatDateTime([d], , "yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-dd HH:mmK")`, []string{"d=2024-03-05T00:30:00+02:00"}, "2024-03-04 22:30+00:00"},
		{`FormatDateTime([d], , "yyyy-MM-ddTHH:mm:ssK", "HH:mmK")`, []string{"d=2024-03-05T00:30:00Z"}, "00:30Z"},
		{`FormatDateTime([d], , "yyyy-MM-ddTHH:mm:ssK", "HH:mmK")`, []string{"d=2024-03-05T00:30:00"}, "00:30"},
		{`FormatDateTime([d], , "HH:mm", "HH:mm")`, []string{"d=10:00"}, "error: FormatDateTime: inputFormat has no year…"},
		{`FormatDateTime([no], , "HH:mm", "HH:mm")`, nil, "<null>"},
	})
}

// TestMistakes has what is found before any record is seen.
func TestMistakes(t *testing.T) {
	o := &Options{Attributes: []string{"givenName", "sn", "mail", "userAccountControl"}}
	for _, tt := range []struct{ in, want string }{
		{"", "at character 1: the expression is empty"},
		{"[givenNme]", `at character 1: the source has no attribute "givenNme", did you mean "givenName"?`},
		{`Jion(" ", [sn])`, `at character 1: there is no function Jion, did you mean "Join"?`},
		{`Foo([sm])`, `at character 1: there is no function Foo; at character 5: the source has no attribute "sm", did you mean "sn"?`},
		{`Left([sn])`, "at character 1: Left(source, numChars) takes 2 arguments, not 1"},
		{`Left([sn], 1, 2)`, "at character 1: Left(source, numChars) takes 2 arguments, not 3"},
		{`Left(, 1)`, "at character 1: Left(source, numChars) needs its argument source"},
		{`Now(1)`, "at character 1: Now() takes no arguments, not 1"},
		{`Now()`, "at character 1: Now gives another value each time, so that every run would change every record"},
		{`Redact(Guid())`, "at character 8: Guid gives another value each time, so that every run would change every record"},
		{`Left([sn], "x")`, "at character 12: numChars of Left: a text that is not a number where a number is expected"},
		{`Left([sn], Join("", [sn], "x") = "y")`, "at character 32: numChars of Left must be a number, and this gives true or false"},
		{`Len(Split([sn], ","))`, "at character 5: source of Len must be one text, and this gives a list"},
		{`IIF(CDate([sn]), "1", "2")`, "at character 5: condition of IIF must be true or false, and this gives a date"},
		{`Item(Split("a", ","), 2)`, "at character 1: Item: there is no value at this index; the first is 1, and ItemOrNull gives null instead of this error"},
		{`CDate("31/12/2024")`, "at character 7: expression of CDate: a text that is not a date where a date is expected; FormatDateTime reads other forms"},
		{`DateAdd("x", 1, CDate([sn]))`, `at character 1: DateAdd: interval is one of "yyyy" (years), "q", "m" (months), "d" (days), "ww" (weeks), "h", "n" (minutes) and "s"`},
		{`FormatDateTime([sn], , "x", "yyyy")`, `at character 24: inputFormat of FormatDateTime: not a format of dates such as "yyyy-MM-dd" or "M/d/yyyy h:mm:ss tt"`},
		{`FormatDateTime([sn], "AllowAll", "yyyy", "yyyy")`, `at character 22: styles are names of DateTimeStyles, as "AllowWhiteSpaces" or "None", separated by commas`},
		{`Switch([sn], "x", "a", "1", "a", "2")`, `at character 29: Switch has the key "a" twice`},
		{`Switch([sn], "x", "a")`, "at character 1: Switch takes pairs of key and value after source and default, and the last key has no value"},
		{`Switch([sn], "x")`, "at character 1: Switch takes source, default, and then pairs of key and value"},
		{`Append(IgnoreFlowIfNullOrEmpty([sn]), "x")`, "at character 8: IgnoreFlowIfNullOrEmpty must be the outermost function"},
		{`Append(AuthoritativeNull, "x")`, "at character 8: AuthoritativeNull and IgnoreThisFlow are outcomes of the whole expression, and cannot be given to Append"},
		{`IIF([sn] = "", "1", "2")`, `at character 10: a comparison with an attribute that has no value fails, so that this is never true; use Switch([x], [x], "", "Other") or IsNullOrEmpty([x])`},
		{`SelectUniqueValue([sn], [mail])`, "at character 1: SelectUniqueValue asks the target which value is free, and rules see only the record; make the value from something that is unique in the source"},
		{`DefaultDomain()`, "at character 1: DefaultDomain is not known; set the parameter DefaultDomain, as parameters: {DefaultDomain: example.com}"},
		{`%Domain%`, "at character 1: there is no parameter %Domain%"},
		{`$item`, "at character 1: the variable $item is not defined here; Select, Where and With define one"},
		{`Select([sn], [mail], "x")`, "at character 8: the first argument of Select is a variable, as $item"},
		{`Select($a, [mail], Select($b, [sn], $b))`, "at character 20: Select cannot be used inside of Select or Where"},
		{`Replace([sn], "a")`, "at character 1: Replace needs oldValue and replacementValue, oldValue and template, regexPattern and replacementValue, or regexPattern, regexGroupName and one of replacementValue and replacementAttributeName"},
		{`Replace([sn], , "a(?=b)", , "x")`, "at character 17: regexPattern of Replace: look-ahead and look-behind, as (?=…), are not possible here; match what is around too, and name the group to replace"},
		{`Replace([sn], , "(a)\\1", , "x")`, "at character 17: regexPattern of Replace: this escape is not known; back-references, as \\1, are not possible here (invalid escape sequence: `\\1`)"},
		{`Replace([sn], , "(a", , "x")`, "at character 17: regexPattern of Replace: missing closing ): `(a`"},
		{`Replace([sn], , "(?<a>x)", "b", "x")`, `at character 28: regexPattern has no group "b"; a group is written (?<b>…)`},
		{`Replace([sn], "", , , "x")`, ""},
		{`[sn`, "at character 1: attribute, which begins here, has no ] at its end"},
		{`"x`, `at character 1: constant, which begins here, has no " at its end`},
		{`“x”`, `at character 1: constants stand in straight double quotes ("), not in “`},
		{`'x'`, `at character 1: constants stand in straight double quotes ("), not in '`},
		{`Join(",", [sn]`, "at character 1: Join( has no ) at its end"},
		{`Join(","; [sn])`, "at character 9: arguments are separated by commas, not by ;"},
		{`Join("," [sn])`, "at character 10: a comma or ) is expected here in the arguments of Join"},
		{`([sn]`, "at character 1: this ( has no ) at its end"},
		{`[sn] [mail]`, `at character 6: nothing is expected after the end of the expression, but here is "[mail]"`},
		{`[mail]&HFF`, `at character 8: HFF stands alone: an attribute is [HFF], a constant is "HFF", a function is HFF(…)`},
		{`mail`, `at character 1: mail stands alone: an attribute is [mail], a constant is "mail", a function is mail(…)`},
		{`[sn] =`, "at character 7: the expression ends here, where an attribute, a constant or a function is expected"},
		{`1.2.3`, "at character 1: not a number; constants stand in double quotes"},
		{strings.Repeat("Trim(", 300) + `"x"` + strings.Repeat(")", 300), "at character 1001: calls are nested more than 200 deep; name parts of the expression under let"},
		{strings.Repeat(`"x" & `, 300) + `"x"`, "at character 1211: more than 200 operators in a row"},
		{`"` + strings.Repeat("x", 10_000) + `"`, "at character 1: the expression has 10002 characters, and 10000 are allowed; name parts of it under let"},
	} {
		_, _, err := Compile(tt.in, o)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%.60s (-want +got)\n%s", tt.in, diff)
		}
	}
}

// TestBounds has expressions that would grow without end.
func TestBounds(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for _, expression := range []string{
		`PadLeft([a], 99999999, "x")`,
		`With($a, Replace([a], "x", , , [a]), Replace($a, "x", , , [a]))`,
		`With($a, Replace([a], , "x", , [a]), Replace($a, , "x", , [a]))`,
		`With($a, Replace([a], , "(x)", "1", [a]), Replace($a, , "(x)", "1", [a]))`,
		`With($a, [a] & [a], With($b, $a & $a & $a & $a & $a & $a, With($c, $b & $b & $b & $b & $b & $b & $b, With($d, $c & $c & $c & $c & $c & $c & $c & $c, $d & $d & $d))))`,
		`With($a, Replace([a], , "x", , "x,"), Select($i, Split($a, ","), [a] & [a]))`,
		`ToUpper(Select($i, Split(Replace([a], , "x", , ",,"), ","), Split(Replace([a], , "x", , ",,"), ",")))`,
	} {
		program, scope, err := Compile(expression, nil)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		e := bind(scope, []string{"a=" + long})
		if v, err := program.Eval(e); !errors.Is(err, errTooLong) {
			t.Errorf("%s: %d bytes, error %v", expression, len(v.String()), err)
		}
		e.Release()
	}
}

// TestSpelling shows which of several spellings of a name counts, in whatever order they come.
func TestSpelling(t *testing.T) {
	for _, tt := range []struct {
		names []string
		want  string
	}{
		{[]string{"mail"}, "mail"},
		{[]string{"MAIL"}, "MAIL"},
		{[]string{"MAIL", "mail", "Mail"}, "mail"},
		{[]string{"Mail", "MAIL"}, "MAIL"},
		{[]string{"MAIL", "Mail"}, "MAIL"},
	} {
		program, scope, err := Compile("[mail]", nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // names are remembered the second time
			e := scope.Env()
			for _, name := range tt.names {
				e.Set(name, []string{name})
			}
			if v, err := program.Eval(e); err != nil || v.String() != tt.want {
				t.Errorf("%v gives %v, error %v, want %s", tt.names, v, err, tt.want)
			}
			e.Release()
		}
	}
}
