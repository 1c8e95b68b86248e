package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
)

// attachment is the bytes behind the JSON of a request or an answer.
type attachment []byte

// piece of an attachment: offset and length.
type piece [2]int

func (a attachment) cut(part piece) ([]byte, error) {
	if part[0] < 0 || part[1] < 0 || part[0]+part[1] > len(a) {
		return nil, errors.New("a piece lies outside the attachment")
	}
	return a[part[0] : part[0]+part[1] : part[0]+part[1]], nil
}

// envelope of an answer.
type envelope struct {
	Result   any      `json:"result,omitempty"`
	Failure  *failure `json:"failure,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
}

// failure says what is wrong, and with what.
type failure struct {
	// chart, values, schema, template, manifest, pattern, size, release or request
	Kind    string  `json:"kind"`
	Message string  `json:"message"`
	Asked   []query `json:"asked,omitempty"`
}

// told is an error that already knows its kind.
type told struct {
	kind  string
	err   error
	asked []query
}

func (t *told) Error() string { return t.err.Error() }
func (t *told) Unwrap() error { return t.err }

func tell(kind string, err error) error {
	if err == nil {
		return nil
	}
	return &told{kind: kind, err: err}
}

// answer frames: four bytes of length, that much JSON, then the attachment.
func answer(frame []byte) []byte {
	collected := collectWarnings()
	result, attached, err := dispatch(frame)
	envelope := envelope{Result: result, Warnings: collected.done()}
	if err != nil {
		envelope = failed(err, envelope.Warnings)
		attached = nil
	}
	text, err := json.Marshal(envelope)
	if err != nil {
		text, _ = json.Marshal(failed(err, nil))
		attached = nil
	}
	out := make([]byte, 4, 4+len(text)+len(attached))
	binary.LittleEndian.PutUint32(out, uint32(len(text)))
	return append(append(out, text...), attached...)
}

func failed(err error, warnings []string) envelope {
	failure := &failure{Kind: "request", Message: err.Error()}
	if told, ok := errors.AsType[*told](err); ok {
		failure.Kind, failure.Asked = told.kind, told.asked
	}
	return envelope{Failure: failure, Warnings: warnings}
}

func dispatch(frame []byte) (any, []byte, error) {
	if len(frame) < 4 || int(binary.LittleEndian.Uint32(frame)) > len(frame)-4 {
		return nil, nil, errors.New("the request is cut")
	}
	end := 4 + int(binary.LittleEndian.Uint32(frame))
	var head struct{ Operation string }
	if err := json.Unmarshal(frame[4:end], &head); err != nil {
		return nil, nil, err
	}
	run, found := operations[head.Operation]
	if !found {
		return nil, nil, errors.New("no operation is called " + head.Operation)
	}
	return run(frame[4:end], attachment(frame[end:]))
}
