import { describe, expect, it } from "vitest";
import type { Part } from "../../../parts/catalog.ts";
import { goArguments, goEnvironment } from "../../../parts/go-arguments.ts";
import { partKey } from "../../../parts/part-key.ts";

const part: Part = {
  name: "thing",
  folder: "thing",
  module: "example.org/thing",
  version: "v1.0.0",
  package: "example.org/thing/cmd/thing",
  stamp: ["example.org/thing/version.version=v1.0.0"],
  architectures: ["amd64"],
};
const inputs = {
  goVersion: "go1.26.8",
  sources: { "go.mod": "module a\n", "go.sum": "sums\n", "tools.go": "package a\n" },
};

describe("partKey()", () => {
  it("is a SHA-256 in hex and the same for the same inputs, in whatever order they come", () => {
    const reordered = { "tools.go": "package a\n", "go.sum": "sums\n", "go.mod": "module a\n" };

    expect(partKey(part, inputs)).toMatch(/^[0-9a-f]{64}$/);
    expect(partKey(part, { ...inputs, sources: reordered })).toBe(partKey(part, inputs));
  });

  it.each([
    ["the compiler", part, { ...inputs, goVersion: "go1.26.9" }],
    ["go.mod", part, { ...inputs, sources: { ...inputs.sources, "go.mod": "module b\n" } }],
    ["go.sum", part, { ...inputs, sources: { ...inputs.sources, "go.sum": "other sums\n" } }],
    ["an own source", part, { ...inputs, sources: { ...inputs.sources, "tools.go": "package b\n" } }],
    ["a new own source", part, { ...inputs, sources: { ...inputs.sources, "main.go": "package a\n" } }],
    ["a stamp", { ...part, stamp: [] }, inputs],
    ["a build tag", { ...part, tags: ["no_zfs"] }, inputs],
    ["the package", { ...part, package: "example.org/thing/cmd/other" }, inputs],
    ["an architecture", { ...part, architectures: ["amd64", "arm64"] as const }, inputs],
  ])("changes with %s", (_what, otherPart, otherInputs) => {
    expect(partKey(otherPart, otherInputs)).not.toBe(partKey(part, inputs));
  });
});

describe("goArguments()", () => {
  it("builds the package into the output, stripped and without this machine's paths", () => {
    expect(goArguments(part, "/out/thing")).toEqual([
      "build",
      "-trimpath",
      "-buildvcs=false",
      "-ldflags",
      "-s -w -X example.org/thing/version.version=v1.0.0",
      "-o",
      "/out/thing",
      "example.org/thing/cmd/thing",
    ]);
  });

  it("builds WebAssembly that can be called", () => {
    expect(goArguments({ ...part, architectures: ["wasm"] }, "/out/thing")).toContain("-buildmode=c-shared");
    expect(goEnvironment("wasm")).toMatchObject({ GOOS: "wasip1", GOARCH: "wasm" });
  });
});

describe("goArguments() of a part with build tags", () => {
  it("differ from those without in nothing else, which is what keeps the keys of the others", () => {
    const plain = goArguments(part, "/out/thing");

    const tagged = goArguments({ ...part, tags: ["no_btrfs", "no_zfs"] }, "/out/thing");

    expect(tagged.filter((argument) => !plain.includes(argument))).toEqual(["-tags", "no_btrfs,no_zfs"]);
    expect(tagged.filter((argument) => plain.includes(argument))).toEqual(plain);
  });
});

describe("goEnvironment()", () => {
  it("enforces the committed sums and this machine's own toolchain", () => {
    expect(goEnvironment("arm64")).toMatchObject({
      CGO_ENABLED: "0",
      GOARCH: "arm64",
      GOFLAGS: "-mod=readonly",
      GOTOOLCHAIN: "local",
      GOWORK: "off",
    });
  });
});
