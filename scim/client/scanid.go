package client

import "bytes"

// scanID gives the id of a resource without making anything of the rest of it, where that can be told for sure; what is
// spelled in any unusual way is left to [scim.DecodeObject].
func scanID(body []byte) (id string, ok bool) {
	depth := 0
	for i := 0; i < len(body); i++ {
		switch c := body[i]; c {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				if c != '}' || body[0] != '{' || len(bytes.TrimSpace(body[i+1:])) > 0 {
					return "", false
				}
				return id, id != ""
			}
		case '"':
			end := endOfString(body, i+1)
			if end < 0 {
				return "", false
			}
			if depth != 1 || !bytes.EqualFold(body[i+1:end], []byte("id")) || !isName(body[end+1:]) {
				i = end
				continue
			}
			rest := bytes.TrimLeft(body[end+1:], " \t\r\n:")
			if id != "" || len(rest) == 0 || rest[0] != '"' {
				return "", false
			}
			start := len(body) - len(rest) + 1
			if i = endOfString(body, start); i < 0 || bytes.IndexByte(body[start:i], '\\') >= 0 {
				return "", false
			}
			id = string(body[start:i])
		}
	}
	return "", false
}

// endOfString gives where the quotation mark is that ends a string.
func endOfString(body []byte, from int) int {
	for i := from; i < len(body); i++ {
		switch body[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// isName reports whether a string is the name of a member, by what follows it.
func isName(after []byte) bool {
	after = bytes.TrimLeft(after, " \t\r\n")
	return len(after) > 0 && after[0] == ':'
}
