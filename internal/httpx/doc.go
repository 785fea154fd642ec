// Package httpx is the HTTP client below every connector that speaks JSON over HTTP.
//
// It retries what may be repeated, waits as long as the server asks for (Retry-After) and lets all
// requests of one client wait together, keeps to a rate, bounds what it reads, renews tokens, and
// gives errors that are of a class of package provisioning and hold neither secrets nor queries.
package httpx
