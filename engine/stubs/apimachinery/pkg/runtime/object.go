// Package runtime has the name of an object's interface, which release records mention.
package runtime

// Object is never filled in: the engine stores no releases.
type Object interface{}
