package ldapsource

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/ilumy/usersync/ldapsource/internal/entry"
)

// errChanged ends a read of a file that is not, or no longer, the one that was proved.
var errChanged = fmt.Errorf("%w: it was changed while it was being read; read it again when whoever writes it is done", ErrIncomplete)

// A proof is what is known of a file that was read to its end: that it is whole, which bytes it has, and the names
// in it.
type proof struct {
	rules *rules
	view  *view // nil until the file is proved
	whole bool  // the file was read to its end, and has these bytes
	sum   [sha256.Size]byte
	info  fs.FileInfo // nil when what was opened is no file
	// stretches are, by the number of their kind, where the entries lie.
	stretches map[int]*stretch
	// recognised says that the file that is read is of the dialect that was found in it before.
	recognised bool
}

// keptFor is how long a proof waits for the next read.
const keptFor = time.Minute

// begin gives a proof of the file as it is, or one that is to be made.
func (s *LDIF) begin(ctx context.Context) (*proof, error) {
	if p := s.takeKept(); p != nil {
		same, err := s.still(ctx, p)
		if same && err == nil {
			return p, nil
		}
		p.view.close()
		if err != nil {
			return nil, err
		}
	}
	r, err := s.rules(ctx)
	if err != nil {
		return nil, err
	}
	return &proof{rules: r, recognised: s.options.Dialect != nil}, nil
}

// prove reads the file to its end, and more than once where the names are not all that must be known.
func (s *LDIF) prove(ctx context.Context, p *proof) (err error) {
	if p.view != nil {
		return nil
	}
	p.view, err = newView(&s.options, p.rules, &s.scope, keepsNames|keepsIDs, true, func(kinds []int, attributes []string, f func(*entry.Entry, int) error) error {
		return s.entries(ctx, p, kinds, attributes, f)
	})
	return err
}

// takeKept gives the proof that is kept, which nobody else has then; nil when there is none.
func (s *LDIF) takeKept() *proof {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.kept
	if p != nil {
		s.expiry.Stop()
		s.kept = nil
	}
	return p
}

// keep has a proof wait for the next read, when this one did not end in an error.
func (s *LDIF) keep(p *proof, err error) {
	if p.view == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept != nil || err != nil && !errors.Is(err, errLeft) && !errors.Is(err, errors.ErrUnsupported) {
		p.view.close()
		return
	}
	s.kept = p
	s.expiry = time.AfterFunc(keptFor, func() { s.expire(p) })
}

// expire forgets a proof that nobody took.
func (s *LDIF) expire(p *proof) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == p {
		p.view.close()
		s.kept = nil
	}
}

// still reports whether the file is the one that was proved: it is the same file with the same size and time, or has
// the same bytes.
func (s *LDIF) still(ctx context.Context, p *proof) (bool, error) {
	file, info, err := s.openFile()
	if err != nil {
		return false, err
	}
	defer file.Close()
	if sameFile(info, p.info) {
		return true, nil
	}
	if info != nil && p.info != nil && info.Size() != p.info.Size() {
		return false, nil
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, untilDone{ctx, file}); err != nil {
		return false, err
	}
	if [sha256.Size]byte(sum.Sum(nil)) != p.sum {
		return false, nil
	}
	p.info = info
	return true, nil
}

// openFile opens the file, and says which it is, nil when it is none.
func (s *LDIF) openFile() (io.ReadCloser, fs.FileInfo, error) {
	file, err := s.open()
	if err != nil {
		return nil, nil, fmt.Errorf("opening it: %w", err)
	}
	if f, ok := file.(interface{ Stat() (fs.FileInfo, error) }); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			return file, info, nil
		}
	}
	return file, nil, nil
}

func sameFile(a, b fs.FileInfo) bool {
	return a != nil && b != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// untilDone reads until a context is done.
type untilDone struct {
	context.Context
	io.Reader
}

func (r untilDone) Read(b []byte) (int, error) {
	if err := r.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(b)
}
