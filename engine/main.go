//go:debug randseednop=0

// Command engine is Helm's own chart engine as a WebAssembly reactor: the host puts a request into the buffer that `alloc` gives,
// runs `call`, and reads the answer where its result points. See src/deployer/charts/engine.
package main

import (
	"encoding/json"
	"unsafe"
)

// The one request and the one answer in memory; keeping them here keeps the collector away from them.
var requestBytes, answerBytes []byte

func main() {}

// alloc makes room for a request and gives its address.
//
//go:wasmexport alloc
func alloc(length uint32) uint32 {
	answerBytes = nil
	requestBytes = make([]byte, max(length, 1))
	return address(requestBytes)
}

// call answers the request in the buffer: the answer's address in the upper half, its length in the lower.
//
//go:wasmexport call
func call() uint64 {
	reseed()
	answerBytes = answer(requestBytes)
	requestBytes = nil
	return uint64(address(answerBytes))<<32 | uint64(len(answerBytes))
}

func address(bytes []byte) uint32 { return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(bytes)))) }

// operations by the name that a request gives.
var operations = map[string]func(request []byte, attached attachment) (any, []byte, error){
	"render":     operation(render),
	"finish":     operation(finishRender),
	"goTemplate": operation(runGoTemplate),
	"matches":    operation(matchesPattern),
	"inspect":    operation(inspectChart),
	"package":    operation(packChart),
}

// operation reads the request of one kind before run.
func operation[Request any](run func(Request, attachment) (any, []byte, error)) func([]byte, attachment) (any, []byte, error) {
	return func(text []byte, attached attachment) (any, []byte, error) {
		var request Request
		if err := json.Unmarshal(text, &request); err != nil {
			return nil, nil, err
		}
		return run(request, attached)
	}
}
