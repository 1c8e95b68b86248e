// Command talos-peer asks Talos' own published library the questions whose answers our tests compare with ours.
//
// Each subcommand reads a JSON array of requests from stdin and writes the array of answers to stdout, in the same order.
// What Talos refuses is an answer with "error"; the exit code is 0 unless the requests themselves cannot be read.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

var subcommands = map[string]func() error{
	"gen":         func() error { return answerAll(generateConfig) },
	"validate":    func() error { return answerAll(validateConfig) },
	"patch":       func() error { return answerAll(patchConfig) },
	"redact":      func() error { return answerAll(redactConfig) },
	"fields":      func() error { return answerAll(listFields) },
	"types":       func() error { return answerAll(listTypes) },
	"secrets":     func() error { return answerAll(readSecrets) },
	"client":      func() error { return answerAll(callNode) },
	"bench":       func() error { return answerAll(benchNodes) },
	"talosconfig": func() error { return answerAll(readTalosconfig) },
}

func main() {
	if len(os.Args) < 2 || subcommands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: talos-peer gen|validate|patch|redact|fields|types|secrets|talosconfig|client|bench < requests.json")
		os.Exit(2)
	}

	if err := subcommands[os.Args[1]](); err != nil {
		fmt.Fprintln(os.Stderr, "talos-peer:", err)
		os.Exit(1)
	}
}

// answerAll calls one function for every request; its error becomes the answer {"error": text}.
func answerAll[Request any](answer func(Request) (any, error)) error {
	var requests []Request

	if err := json.NewDecoder(os.Stdin).Decode(&requests); err != nil {
		return fmt.Errorf("requests: %w", err)
	}

	answers := make([]any, 0, len(requests))

	for _, request := range requests {
		value, err := guarded(answer, request)
		if err != nil {
			value = map[string]string{"error": err.Error()}
		}

		answers = append(answers, value)
	}

	return json.NewEncoder(os.Stdout).Encode(answers)
}

// guarded turns a panic of the library into an error, so that one request does not cost the answers to all others.
func guarded[Request any](answer func(Request) (any, error), request Request) (value any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v", cause)
		}
	}()

	return answer(request)
}
