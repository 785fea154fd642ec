package provisioning

import (
	"encoding/binary"
	"encoding/hex"
)

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

// packUUID packs an ID of 36 bytes, if it has the form of a UUID (RFC 9562 section 4) with all letters in one case.
func packUUID(dst []byte, id ID) ([]byte, bool) {
	_ = id[35] // which says so to the compiler
	if id[8] != '-' || id[13] != '-' || id[18] != '-' || id[23] != '-' {
		return dst, false
	}
	var seen letters
	a := packDigits(four(id, 0), four(id, 4), &seen)
	b := packDigits(four(id, 9), four(id, 14), &seen)
	c := packDigits(four(id, 19), four(id, 24), &seen)
	d := packDigits(four(id, 28), four(id, 32), &seen)
	form := byte(packedUUID)
	switch {
	case seen.none != 0 || seen.lower != 0 && seen.upper != 0:
		return dst, false
	case seen.upper != 0:
		form = packedUpper
	}
	dst = append(dst, form)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(a)|uint64(b)<<32)
	return binary.LittleEndian.AppendUint64(dst, uint64(c)|uint64(d)<<32), true
}

// letters has the high bit of a byte set where a digit was a letter in lower case, one in upper case, or no digit.
type letters struct{ lower, upper, none uint64 }

// packDigits packs eight hexadecimal digits, all at once: each is a byte of a word, and adding to it what is missing up to
// 0x80 compares it.
func packDigits(high, low uint64, seen *letters) uint32 {
	const each = 0x0101010101010101
	x := high | low<<32
	decimal := (x + (0x80-'0')*each) &^ (x + (0x80-'9'-1)*each)
	folded := x | 0x20*each
	letter := (folded + (0x80-'a')*each) &^ (folded + (0x80-'f'-1)*each) & (0x80 * each)
	seen.none |= (^(decimal | letter) | x) & (0x80 * each)
	seen.lower |= letter & (x << 2) // 0x20 tells the cases apart
	seen.upper |= letter &^ (x << 2)
	x = x&(0x0f*each) + (letter>>7)*9
	x = (x<<4 | x>>8) & 0x00ff00ff00ff00ff
	x = (x | x>>8) & 0x0000ffff0000ffff
	return uint32(x | x>>16)
}

// four gives four bytes as a number, the first one lowest.
func four(id ID, at int) uint64 {
	return uint64(id[at]) | uint64(id[at+1])<<8 | uint64(id[at+2])<<16 | uint64(id[at+3])<<24
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
