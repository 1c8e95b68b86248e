// Package errors has the one error that a template's lookup tells from others.
package errors

import stderrors "errors"

// ErrNotFound says that a cluster has no such object.
var ErrNotFound = stderrors.New("not found")

// IsNotFound tells whether err is, or wraps, ErrNotFound.
func IsNotFound(err error) bool { return stderrors.Is(err, ErrNotFound) }
