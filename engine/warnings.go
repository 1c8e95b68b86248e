package main

import (
	"context"
	"log"
	"log/slog"
	"strings"
)

// warnings collects what Helm would print while it works.
type warnings struct{ lines []string }

var heard *warnings

func init() {
	log.SetFlags(0)
	log.SetOutput(writer{})
	slog.SetDefault(slog.New(listener{}))
}

func collectWarnings() *warnings {
	heard = &warnings{}
	return heard
}

func (w *warnings) done() []string {
	heard = nil
	return w.lines
}

func hear(line string) {
	if heard != nil && line != "" {
		heard.lines = append(heard.lines, line)
	}
}

type writer struct{}

func (writer) Write(text []byte) (int, error) {
	hear(strings.TrimRight(string(text), "\n"))
	return len(text), nil
}

type listener struct{ before string }

func (listener) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (l listener) Handle(_ context.Context, record slog.Record) error {
	line := record.Message + l.before
	record.Attrs(func(attribute slog.Attr) bool {
		line += " " + attribute.String()
		return true
	})
	hear(line)
	return nil
}

func (l listener) WithAttrs(attributes []slog.Attr) slog.Handler {
	for _, attribute := range attributes {
		l.before += " " + attribute.String()
	}
	return l
}

func (l listener) WithGroup(string) slog.Handler { return l }
