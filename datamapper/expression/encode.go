package expression

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

var errEncoding = errors.New(`encoding is Unicode (UTF-16), UTF8 or ASCII`)

// encodingFunctions change texts into other notations of them. Binary values are base64, as in LDIF and JSON.
func encodingFunctions() []*function {
	return []*function{
		textFunction("ConvertToBase64", func(s string) string { return base64.StdEncoding.EncodeToString(utf16LE(s)) }),
		textFunction("ConvertToUTF8Hex", func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) }),
		{
			name: "ConvertFromBase64", params: []param{need("source", pTexts), opt("encoding", pText)}, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) {
				b, err := base64.StdEncoding.DecodeString(args[0].s)
				if err != nil {
					return Value{}, errors.New("source is not base64")
				}
				switch strings.ToLower(args[1].s) {
				case "", "unicode":
					return fromUTF16LE(b)
				case "utf8", "utf-8", "ascii":
					return textOf(b)
				}
				return Value{}, errEncoding
			},
		},
		{
			name: "ConvertFromUTF8Hex", params: []param{need("source", pTexts)}, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) {
				b, err := hex.DecodeString(args[0].s)
				if err != nil {
					return Value{}, errors.New("source is not hexadecimal")
				}
				return textOf(b)
			},
		},
		{
			name: "CGuid", params: []param{need("guid", pTexts)}, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) {
				b, ok := parseGUID(args[0].s)
				if !ok {
					return Value{}, errors.New("guid is not a GUID such as 00001111-aaaa-2222-bbbb-3333cccc4444")
				}
				return text(base64.StdEncoding.EncodeToString(b)), nil
			},
		},
		{
			name: "StringFromGuid", params: []param{need("guid", pTexts)}, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) {
				if _, ok := parseGUID(args[0].s); ok {
					return text(strings.ToLower(strings.Trim(args[0].s, "{}"))), nil
				}
				b, ok := binary(args[0].s, func(b []byte) bool { return len(b) == 16 })
				if !ok {
					return Value{}, errors.New("guid is not 16 bytes in base64")
				}
				return text(formatGUID(b)), nil
			},
		},
		{
			name: "StringFromSid", params: []param{need("sid", pTexts)}, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) {
				if strings.HasPrefix(args[0].s, "S-1-") {
					return args[0], nil
				}
				b, ok := binary(args[0].s, isSID)
				if !ok {
					return Value{}, errors.New("sid is not a security identifier in base64")
				}
				return text(formatSID(b)), nil
			},
		},
	}
}

func utf16LE(s string) []byte {
	b := make([]byte, 0, 2*len(s))
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

func fromUTF16LE(b []byte) (Value, error) {
	if len(b)%2 != 0 {
		return Value{}, errors.New("source is not text in Unicode (UTF-16); say which encoding it has, as UTF8")
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i]) | uint16(b[2*i+1])<<8
	}
	return text(string(utf16.Decode(units))), nil
}

func textOf(b []byte) (Value, error) {
	if !utf8.Valid(b) {
		return Value{}, errors.New("source is not text in UTF-8")
	}
	return text(string(b)), nil
}

// binary gives the bytes of a value that is base64, or the bytes themselves, when they are valid.
func binary(s string, valid func([]byte) bool) ([]byte, bool) {
	if b, err := base64.StdEncoding.DecodeString(s); err == nil && valid(b) {
		return b, true
	}
	return []byte(s), valid([]byte(s))
}

// parseGUID reads a GUID, with or without braces, into bytes as Windows has them.
func parseGUID(s string) ([]byte, bool) {
	if len(s) == 38 && s[0] == '{' && s[37] == '}' {
		s = s[1:37]
	}
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return nil, false
	}
	b, err := hex.DecodeString(s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:])
	if err != nil {
		return nil, false
	}
	swapGUID(b)
	return b, true
}

// formatGUID writes the bytes of Windows as text.
func formatGUID(windows []byte) string {
	b := append([]byte{}, windows...)
	swapGUID(b)
	s := hex.EncodeToString(b)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// swapGUID turns the first three fields round, which Windows keeps with the lowest byte first.
func swapGUID(b []byte) {
	b[0], b[1], b[2], b[3] = b[3], b[2], b[1], b[0]
	b[4], b[5] = b[5], b[4]
	b[6], b[7] = b[7], b[6]
}

func isSID(b []byte) bool {
	return len(b) >= 8 && b[0] == 1 && b[1] <= 15 && len(b) == 8+4*int(b[1])
}

// formatSID writes a security identifier: S-1-authority-sub-…
func formatSID(b []byte) string {
	authority := uint64(0)
	for _, c := range b[2:8] {
		authority = authority<<8 | uint64(c)
	}
	s := "S-1-" + strconv.FormatUint(authority, 10)
	for i := 8; i < len(b); i += 4 {
		s += "-" + strconv.FormatUint(uint64(b[i])|uint64(b[i+1])<<8|uint64(b[i+2])<<16|uint64(b[i+3])<<24, 10)
	}
	return s
}
