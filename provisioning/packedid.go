package provisioning

import "encoding/hex"

// A packed ID is its length and its bytes. One that looks like a UUID in lower or upper case is packedUUID or
// packedUpper and 16 bytes.
const (
	packedUUID  = 0xff
	packedUpper = 0xfe
	packedLong  = 0xfd // the length is in the four bytes after
)

// packID puts an ID after dst.
func packID(dst []byte, id ID) []byte {
	if len(id) == 36 {
		if out, ok := packUUID(dst, id); ok {
			return out
		}
	}
	if n := len(id); n >= packedLong {
		dst = append(dst, packedLong, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	} else {
		dst = append(dst, byte(n))
	}
	return append(dst, id...)
}

// uuidDigits are the places of the first digit of each byte of a UUID (RFC 9562 section 4).
var uuidDigits = [16]uint8{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34}

// What the table of digits says besides a digit's value.
const (
	lowerDigit = 0x10
	upperDigit = 0x20
	noDigit    = 0x40
)

var digits = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c >= '0' && c <= '9':
			t[c] = uint8(c - '0')
		case c >= 'a' && c <= 'f':
			t[c] = uint8(c-'a'+10) | lowerDigit
		case c >= 'A' && c <= 'F':
			t[c] = uint8(c-'A'+10) | upperDigit
		default:
			t[c] = noDigit
		}
	}
	return t
}()

// packUUID packs an ID of 36 bytes, if it has the form of a UUID with all letters in one case.
func packUUID(dst []byte, id ID) ([]byte, bool) {
	_ = id[35]
	if id[8] != '-' || id[13] != '-' || id[18] != '-' || id[23] != '-' {
		return dst, false
	}
	var out [17]byte
	seen := uint8(0)
	for i, at := range uuidDigits {
		high, low := digits[id[at]], digits[id[at+1]]
		seen |= high | low
		out[i+1] = high<<4 | low&15
	}
	switch seen &^ 15 {
	case 0, lowerDigit:
		out[0] = packedUUID
	case upperDigit:
		out[0] = packedUpper
	default:
		return dst, false
	}
	return append(dst, out[:]...), true
}

// packedLen is how long the packed ID at the beginning of b is.
func packedLen(b []byte) int {
	switch b[0] {
	case packedUUID, packedUpper:
		return 17
	case packedLong:
		return 5 + int(b[1])<<24 + int(b[2])<<16 + int(b[3])<<8 + int(b[4])
	}
	return 1 + int(b[0])
}

func unpackID(b []byte) ID {
	switch b[0] {
	case packedUUID, packedUpper:
		var out [36]byte
		for i, at := range [5]int{0, 9, 14, 19, 24} {
			from := [6]int{0, 4, 6, 8, 10, 16}
			hex.Encode(out[at:], b[1+from[i]:1+from[i+1]])
			if i > 0 {
				out[at-1] = '-'
			}
		}
		if b[0] == packedUpper {
			for i, c := range out {
				if c >= 'a' {
					out[i] = c - 'a' + 'A'
				}
			}
		}
		return ID(out[:])
	case packedLong:
		return ID(b[5:packedLen(b)])
	}
	return ID(b[1:packedLen(b)])
}
