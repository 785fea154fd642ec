package table

import "os"

// file is a temporary file.
type file struct {
	*os.File
	named bool
}

// createFile makes one. On most systems its name goes at once, so that nothing is left of it whatever happens.
func createFile(dir string) (*file, error) {
	f, err := os.CreateTemp(dir, "usersync-*.tmp") // mode 0600
	if err != nil {
		return nil, err
	}
	return &file{f, os.Remove(f.Name()) != nil}, nil
}

func (f *file) close() {
	f.Close()
	if f.named {
		os.Remove(f.Name())
	}
}
