package plektest

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"time"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

// verify lets a token in that is among the options, or was issued and still holds.
func (s *Server) verify(_ context.Context, token string) (*server.Caller, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.options.Tokens {
		if t != "" && subtle.ConstantTimeCompare([]byte(t), []byte(token)) == 1 {
			return &server.Caller{Subject: "token"}, nil
		}
	}
	if until, ok := s.tokens[server.HashToken(token)]; ok && time.Now().Before(until) {
		return &server.Caller{Subject: s.options.ClientID}, nil
	}
	return nil, scim.Errorf(scim.ErrUnauthorized, "the token is not known or has expired")
}

// SetTokens replaces the tokens of the options, as an administrator does who rotates them.
func (s *Server) SetTokens(tokens ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.Tokens = tokens
}

// RevokeIssued makes all tokens worthless that the token endpoint issued.
func (s *Server) RevokeIssued() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// token is the token endpoint for the client credentials grant (RFC 6749 section 4.4).
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	answer := func(status int, v map[string]any) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if r.Method != http.MethodPost || r.ParseForm() != nil {
		answer(http.StatusBadRequest, map[string]any{"error": "invalid_request"})
		return
	}
	id, secret, ok := r.BasicAuth()
	if !ok {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	switch {
	case s.options.ClientID == "" || s.options.ClientSecret == "",
		subtle.ConstantTimeCompare([]byte(id), []byte(s.options.ClientID)) != 1,
		subtle.ConstantTimeCompare([]byte(secret), []byte(s.options.ClientSecret)) != 1:
		answer(http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
		return
	case r.PostForm.Get("grant_type") != "client_credentials":
		answer(http.StatusBadRequest, map[string]any{"error": "unsupported_grant_type"})
		return
	}
	token := server.NewToken()
	s.mu.Lock()
	s.tokens[server.HashToken(token)] = time.Now().Add(s.options.TokenLifetime)
	s.mu.Unlock()
	answer(http.StatusOK, map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": int(s.options.TokenLifetime.Seconds())})
}
