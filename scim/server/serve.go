package server

import "net/http"

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) { http.Error(w, "", 501) }
