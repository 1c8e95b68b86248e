import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { parseRoute } from "../../../../src/oci/mirror/route.ts";

const digest = `sha256:${"a".repeat(64)}`;

describe("parseRoute()", () => {
  it.each([
    ["/v2/", { kind: "ping" }],
    ["/v2", { kind: "ping" }],
    ["/v2/?ns=docker.io", { kind: "ping" }],
    ["/", { kind: "other" }],
    ["/v2/_catalog", { kind: "other" }],
    ["/v2/a/tags/other", { kind: "other" }],
    ["/v2/a/blobs/uploads/", { kind: "other" }],
    ["/v2/A/manifests/1", { kind: "other" }],
    ["/v2/../etc/manifests/1", { kind: "other" }],
    ["/v2/a/%2e%2e/b/manifests/1", { kind: "manifest", candidates: [{ repository: "b" }], reference: "1" }],
    ["/v2/a/%zz/manifests/1", { kind: "other" }],
    [`/v2/${"a".repeat(3000)}/manifests/1`, { kind: "other" }],
  ])("takes %s for what it is", (target, route) => {
    expect(parseRoute(target)).toEqual(route);
  });

  it.each([
    ["ghcr.io/a/b", undefined, [{ registry: "ghcr.io", repository: "a/b" }, { repository: "ghcr.io/a/b" }]],
    ["a/b", undefined, [{ repository: "a/b" }]],
    ["a/b", "ghcr.io", [{ registry: "ghcr.io", repository: "a/b" }]],
    [
      "ghcr.io/a/b",
      "ghcr.io",
      [
        { registry: "ghcr.io", repository: "a/b" },
        { registry: "ghcr.io", repository: "ghcr.io/a/b" },
      ],
    ],
    ["quay.io/a", "ghcr.io", [{ registry: "ghcr.io", repository: "quay.io/a" }]],
    [
      "docker.io/library/a",
      "registry-1.docker.io",
      [
        { registry: "docker.io", repository: "library/a" },
        { registry: "docker.io", repository: "docker.io/library/a" },
      ],
    ],
    ["10.0.0.1:5000/a", undefined, [{ registry: "10.0.0.1:5000", repository: "a" }]],
    ["localhost/a", undefined, [{ registry: "localhost", repository: "a" }, { repository: "localhost/a" }]],
    ["a", "not a host", [{ repository: "a" }]],
  ])("tells the registry of %s with ns %s", (name, ns, candidates) => {
    const target = `/v2/${name}/blobs/${digest}${ns === undefined ? "" : `?ns=${encodeURIComponent(ns)}`}`;

    expect(parseRoute(target)).toEqual({ kind: "blob", candidates, reference: digest });
  });

  test.prop([fc.string()])("gives an answer for any target", (target) => {
    expect(["ping", "manifest", "blob", "tags", "other"]).toContain(parseRoute(`/v2/${target}`).kind);
  });
});
