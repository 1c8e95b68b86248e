import type { Architecture, Part } from "./catalog.ts";

/** Arguments of `go` that build `part` into the file `output`: static, without paths of this machine, stripped. */
export function goArguments(part: Part, output: string): readonly string[] {
  const linker = ["-s", "-w", ...part.stamp.map((variable) => `-X ${variable}`)].join(" ");
  const tags = part.tags === undefined ? [] : ["-tags", part.tags.join(",")];
  // WebAssembly that stays and is called, instead of a program that runs once.
  const mode = part.architectures[0] === "wasm" ? ["-buildmode=c-shared"] : [];
  return ["build", "-trimpath", "-buildvcs=false", "-ldflags", linker, ...tags, ...mode, "-o", output, part.package];
}

/**
 * Environment that decides what `go` builds, to be laid over the user's own (which has the proxy and the caches).
 * The committed sums are enforced, and no other toolchain or workspace is picked up.
 */
export function goEnvironment(architecture: Architecture): Readonly<Record<string, string>> {
  return {
    CGO_ENABLED: "0",
    GO111MODULE: "on",
    GOAMD64: "v1",
    GOARCH: architecture,
    GOEXPERIMENT: "",
    GOFLAGS: "-mod=readonly",
    GOOS: architecture === "wasm" ? "wasip1" : "linux",
    GOTOOLCHAIN: "local",
    GOWORK: "off",
  };
}
