package server

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A preference is what a client prefers of how its request is done (RFC 7240).
type preference struct {
	// async is that of respond-async, and wait how long the client would rather wait before that.
	async bool
	wait  time.Duration
}

// preference gives what can be heeded: nothing for what does not write, or where nothing is done later.
func (x *exchange) preference() preference {
	if x.h.async == nil || !x.writes() {
		return preference{}
	}
	p := prefers(x.r.Header)
	p.wait = min(p.wait, x.h.limits.Timeout)
	return p
}

// prefers reads the Prefer header. Of a preference that is there twice the first counts (RFC 7240 section 2).
func prefers(h http.Header) (p preference) {
	waits := false
	for _, line := range h["Prefer"] {
		for part := range strings.SplitSeq(line, ",") {
			part, _, _ = strings.Cut(part, ";") // the parameters of a preference
			name, value, _ := strings.Cut(part, "=")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "respond-async":
				p.async = true
			case "wait":
				seconds, err := strconv.Atoi(strings.Trim(strings.TrimSpace(value), `"`))
				if err == nil && seconds >= 0 && seconds < 1<<20 && !waits {
					p.wait, waits = time.Duration(seconds)*time.Second, true
				}
			}
		}
	}
	return p
}
