package expression

import (
	bin "encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// randomFunctions give another value each time.
func randomFunctions() []*function {
	number := func(name string) param { return need(name, pNumber) }
	return []*function{
		{
			name: "Guid", volatile: true, result: aText,
			apply: func(e *Env, _ []Value) (Value, error) {
				var b [16]byte
				if _, err := io.ReadFull(e.scope.options.Volatile.Random, b[:]); err != nil {
					return Value{}, err
				}
				b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
				return text(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])), nil
			},
		},
		{
			name: "RandomNum", volatile: true, params: []param{number("start"), number("end")}, result: aNumber,
			apply: func(e *Env, args []Value) (Value, error) {
				from, to := args[0].whole(), args[1].whole()
				if to < from || to-from < 0 || to-from == 1<<63-1 {
					return Value{}, errors.New("start must not be greater than end")
				}
				n, err := e.random(uint64(to-from) + 1)
				return integer(from + int64(n)), err
			},
		},
		{
			name: "RandomString", volatile: true, result: aText,
			params: []param{
				number("length"), number("minimumNumbers"), number("minimumSpecialCharacters"), number("minimumCapital"),
				number("minimumLowerCase"), opt("charactersToAvoid", pText),
			},
			apply: func(e *Env, args []Value) (Value, error) { return e.randomString(args) },
		},
	}
}

// random gives a number below n, each with the same chance.
func (e *Env) random(n uint64) (uint64, error) {
	var b [8]byte
	for limit := -n % n; ; {
		if _, err := io.ReadFull(e.scope.options.Volatile.Random, b[:]); err != nil {
			return 0, err
		}
		if v := bin.LittleEndian.Uint64(b[:]); v >= limit {
			return v % n, nil
		}
	}
}

// randomClasses are the characters of passwords in Windows, in the order of the parameters of RandomString.
var randomClasses = [...]string{"0123456789", "~!@#$%^&*_-+=`|\\(){}[]:;\"'<>,.?/", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"}

// randomString gives a text with at least so many characters of each class. What is over comes from all classes that
// are asked for.
func (e *Env) randomString(args []Value) (Value, error) {
	length := args[0].whole()
	if length < 1 || length > 256 {
		return Value{}, errors.New("length is 1 to 256")
	}
	var out []byte
	var all, letters string // the classes that are asked for, and what is left of the last
	pick := func(from string) error {
		if from == "" {
			return errors.New("charactersToAvoid leaves no characters")
		}
		i, err := e.random(uint64(len(from)))
		if err == nil {
			out = append(out, from[i])
		}
		return err
	}
	for i, class := range randomClasses {
		n := args[i+1].whole()
		if n < 0 || n > length-int64(len(out)) {
			return Value{}, errors.New("length is less than the minima together")
		}
		class = strings.Map(func(r rune) rune {
			if strings.ContainsRune(args[5].s, r) {
				return -1
			}
			return r
		}, class)
		letters = class
		if n > 0 {
			all += class
		}
		for range n {
			if err := pick(class); err != nil {
				return Value{}, err
			}
		}
	}
	if all == "" {
		all = letters
	}
	for int64(len(out)) < length {
		if err := pick(all); err != nil {
			return Value{}, err
		}
	}
	for i := len(out) - 1; i > 0; i-- {
		j, err := e.random(uint64(i) + 1)
		if err != nil {
			return Value{}, err
		}
		out[i], out[j] = out[j], out[i]
	}
	return text(string(out)), nil
}
