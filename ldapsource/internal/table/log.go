package table

import "fmt"

// A Log holds bytes that are added at its end and read anywhere. It is for one goroutine. Errors of the file are kept,
// as with a [Table].
type Log struct {
	o     Options
	tail  []byte // not in the file yet
	base  int64  // where the tail begins
	file  *file
	noDir bool
	err   error
}

// tailSize is how much of a log is kept in memory.
const tailSize = 1 << 20

// NewLog makes an empty log.
func NewLog(o Options) *Log { return &Log{o: o} }

// Append adds bytes and gives their place.
func (l *Log) Append(b []byte) int64 {
	at := l.base + int64(len(l.tail))
	if l.err != nil {
		return at
	}
	l.tail = append(l.tail, b...)
	if len(l.tail) >= tailSize && !l.noDir {
		l.flush()
	}
	return at
}

func (l *Log) flush() {
	if l.file == nil {
		f, err := createFile(l.o.Dir)
		if err != nil {
			l.noDir = true
			return
		}
		l.file = f
	}
	if _, err := l.file.WriteAt(l.tail, l.base); err != nil {
		l.fail(err)
		return
	}
	l.base += int64(len(l.tail))
	l.tail = l.tail[:0]
}

// Read fills b with what was added at a place. All of it must have been added.
func (l *Log) Read(b []byte, at int64) {
	if l.err != nil {
		return
	}
	if at < l.base {
		n := min(int64(len(b)), l.base-at)
		if _, err := l.file.ReadAt(b[:n], at); err != nil {
			l.fail(err)
			return
		}
		b, at = b[n:], at+n
	}
	if len(b) > 0 {
		copy(b, l.tail[at-l.base:])
	}
}

// Err gives the first error of the file.
func (l *Log) Err() error { return l.err }

func (l *Log) fail(err error) {
	if l.err == nil {
		l.err = fmt.Errorf("a list of what was read, in a temporary file: %w; see that the folder has room", err)
	}
}

// Close removes the file.
func (l *Log) Close() {
	if l.file != nil {
		l.file.close()
	}
	*l = Log{o: l.o}
}
