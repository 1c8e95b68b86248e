package main

import (
	crand "crypto/rand"
	"encoding/binary"
	"math/rand"
	"sync"
)

// reseed gives math/rand its chance back: the engine ships as the image of one that has started, where it would be the same
// everywhere. crypto/rand asks the host each time and needs none of this.
var reseed = sync.OnceFunc(func() {
	var seed [8]byte
	_, _ = crand.Read(seed[:])
	rand.Seed(int64(binary.LittleEndian.Uint64(seed[:])))
})
