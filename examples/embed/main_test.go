package main

import (
	"os"
	"strings"
	"testing"
)

// The README shows this program; what it shows must be what compiles.
func TestREADME(t *testing.T) {
	program, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(program), "func main() {\n")
	body, _, _ = strings.Cut(body, "\n}\n")
	if body == "" || !strings.Contains(string(readme), body) {
		t.Errorf("the README does not show the body of main as it is:\n%s", body)
	}
}
