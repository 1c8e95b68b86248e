import { describe, expect, it } from "vitest";
import { partsCacheFolder } from "../../../parts/cache-folder.ts";
import { packageNames, parseLoaderList } from "../../../parts/debian-catalog.ts";
import { isOlder, neededGoVersion } from "../../../parts/go-toolchain.ts";
import { eventLine, runningLine } from "../../../parts/report.ts";

describe("partsCacheFolder()", () => {
  it("follows XDG_CACHE_HOME when it is absolute, and ~/.cache otherwise", () => {
    expect(partsCacheFolder({ XDG_CACHE_HOME: "/big/cache" })).toBe("/big/cache/skerry/parts");
    expect(partsCacheFolder({ XDG_CACHE_HOME: "cache" })).toMatch(/\/\.cache\/skerry\/parts$/);
    expect(partsCacheFolder({})).toBe(partsCacheFolder({ XDG_CACHE_HOME: "" }));
  });
});

describe("isOlder()", () => {
  it.each([
    ["go1.25.9", "1.26.0", true],
    ["go1.26", "1.26.1", true],
    ["go1.26rc1", "1.26.0", false],
    ["go1.26.0", "1.26.0", false],
    ["go1.26.8", "1.26.0", false],
    ["go1.30.0 X:nogreenteagc", "1.26.4", false],
    ["go2.0", "1.26.0", false],
    ["devel +abc", "1.26.0", false],
  ])("%s against %s: %s", (version, needed, older) => {
    expect(isOlder(version, needed)).toBe(older);
  });
});

describe("neededGoVersion()", () => {
  it("reads the go line", () => {
    expect(neededGoVersion("module a\n\ngo 1.26.0\n\nrequire b v1.0.0\n")).toBe("1.26.0");
  });
});

describe("packageNames()", () => {
  const packages = ["zlib1g", ["libelf1t64", "libelf1"], "libc6", "libc6"] as const;

  it.each([
    ["Debian 12", ["libc6", "libelf1"], ["libc6", "libelf1", "zlib1g"]],
    ["Debian 13, which knows the old name too", ["libelf1", "libelf1t64"], ["libc6", "libelf1t64", "zlib1g"]],
    ["a machine without lists, to be told what is missing", [], ["libc6", "libelf1t64", "zlib1g"]],
  ])("takes the name that is known on %s", (_where, known, names) => {
    expect(packageNames(packages, new Set(known))).toEqual(names);
  });
});

describe("parseLoaderList()", () => {
  it("takes what is found and what is not, and leaves the vdso and the loader out", () => {
    const text = [
      "\tlinux-vdso.so.1 (0x00007ffd4f5d9000)",
      "\tlibmount.so.1 => /tree/lib/x86_64-linux-gnu/libmount.so.1 (0x00007f2b0a000000)",
      "\tlibgone.so.2 => not found",
      "\t/lib64/ld-linux-x86-64.so.2 => /tree/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 (0x00007f2b0a400000)",
      "",
    ].join("\n");

    expect(parseLoaderList(text)).toEqual([
      { soname: "libmount.so.1", file: "/tree/lib/x86_64-linux-gnu/libmount.so.1" },
      { soname: "libgone.so.2", file: undefined },
    ]);
  });
});

describe("eventLine()", () => {
  const started = { kind: "started", name: "kube-apiserver", version: "v1.36.3", action: "building" } as const;

  it.each([
    [started, 0, "building kube-apiserver v1.36.3 …"],
    [
      { kind: "finished", name: "kube-apiserver", sizeBytes: 105_398_434 } as const,
      217_300,
      "done     kube-apiserver in 217 s, 105.4 MB",
    ],
    [{ kind: "finished", name: "internet" } as const, 3000, "done     internet in 3 s"],
    [{ kind: "detail", name: "kube-apiserver", detail: "x" } as const, 0, undefined],
    [{ kind: "waiting", name: "etcd", holder: "process 7" } as const, 0, "waiting  etcd: process 7 is making it"],
  ])("%j", (event, elapsedMs, line) => {
    expect(eventLine(event, elapsedMs)).toBe(line);
  });

  it("has a line for what is still going on", () => {
    expect(runningLine(started, 45_000, "downloading k8s.io/api v0.36.3")).toBe(
      "building kube-apiserver v1.36.3 … 45 s (downloading k8s.io/api v0.36.3)",
    );
  });
});
