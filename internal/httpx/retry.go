package httpx

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// repeatable reports whether a method is idempotent by definition (RFC 9110 section 9.2.2).
func repeatable(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete, http.MethodTrace:
		return true
	}
	return false
}

func (c *Client) checkRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	state, _ := ctx.Value(callKey{}).(*call)
	if state == nil {
		state = &call{}
	}
	if err != nil {
		dialed := notConnected(err)
		if !dialed {
			state.sent++
		}
		if permanent(err) || !(state.repeatable || dialed) {
			return false, err
		}
		state.failures++
		return state.failures <= c.retries, nil
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		state.throttled++
		c.gate.pace.slow()
	} else {
		state.sent++
	}
	wait, told := retryAfter(resp.Header)
	if told && (resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable) {
		c.gate.pause(min(wait, c.maxWait))
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		if !state.repeatable {
			return false, nil
		}
		state.failures++
	default:
		return false, nil
	}
	if wait > c.maxWait || tooLate(ctx, wait) {
		return false, nil
	}
	return state.failures <= c.retries && state.throttled <= throttles(c.retries), nil
}

// throttles is how often a request is sent again because the server said "later": more often than
// after failures, for the server is well and says so.
func throttles(retries int) int {
	if retries < 0 {
		return 0
	}
	return maxThrottled
}

func (c *Client) backoff(first, longest time.Duration, attempt int, resp *http.Response) time.Duration {
	if resp != nil {
		if wait, ok := retryAfter(resp.Header); ok {
			// The gate holds everybody back; what is added here spreads them when it opens.
			return wait + rand.N(wait/10+10*time.Millisecond)
		}
	}
	wait := longest
	if attempt < 30 && first<<attempt < longest && first<<attempt > 0 {
		wait = first << attempt
	}
	return wait/2 + rand.N(wait/2+1)
}

// retryAfter reads Retry-After (RFC 9110 section 10.2.3): seconds or a date.
func retryAfter(h http.Header) (time.Duration, bool) {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseFloat(v, 64); err == nil {
		if !(seconds >= 0) || seconds > (365*24*time.Hour).Seconds() {
			return 0, false
		}
		return time.Duration(seconds * float64(time.Second)), true
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0, false
	}
	return max(0, time.Until(at)), true
}

func tooLate(ctx context.Context, wait time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) < wait
}

// notConnected reports whether no byte of the request can have reached the server.
func notConnected(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	return errors.As(err, &dns) || errors.As(err, &op) && op.Op == "dial"
}

// permanent reports whether the same request would fail in the same way.
func permanent(err error) bool {
	var (
		unknown  x509.UnknownAuthorityError
		invalid  x509.CertificateInvalidError
		hostname x509.HostnameError
		verify   *tls.CertificateVerificationError
		record   tls.RecordHeaderError
		alert    tls.AlertError
	)
	return errors.As(err, &unknown) || errors.As(err, &invalid) || errors.As(err, &hostname) || errors.As(err, &verify) ||
		errors.As(err, &record) || errors.As(err, &alert) || errors.Is(err, ErrTooLarge) || errors.Is(err, http.ErrSchemeMismatch)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}
