import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { formatReference, parseReference, targetOf } from "../../../../src/oci/index.ts";

const hex = "a".repeat(64);

describe("parseReference()", () => {
  it.each([
    ["registry:3", "docker.io/library/registry:3"],
    ["registry", "docker.io/library/registry:latest"],
    ["docker.io/registry:3", "docker.io/library/registry:3"],
    ["index.docker.io/library/registry:3", "docker.io/library/registry:3"],
    ["coredns/coredns:1", "docker.io/coredns/coredns:1"],
    ["registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10"],
    ["localhost/app", "localhost/app:latest"],
    ["localhost:5000/app:1", "localhost:5000/app:1"],
    ["[::1]:5000/app:1", "[::1]:5000/app:1"],
    ["HOST/app:1", "HOST/app:1"],
    ["ghcr.io/a/b__c/d---e.f:V1_2.3-x", "ghcr.io/a/b__c/d---e.f:V1_2.3-x"],
    [`ghcr.io/a/b@sha256:${hex}`, `ghcr.io/a/b@sha256:${hex}`],
    [`ghcr.io/a/b:1@sha256:${hex}`, `ghcr.io/a/b:1@sha256:${hex}`],
  ])("reads %s as %s", (text, full) => {
    expect(formatReference(parseReference(text))).toBe(full);
  });

  it.each([
    "",
    "/a",
    "a/",
    "ghcr.io/",
    "ghcr.io/A:1",
    "ghcr.io/a b",
    "a:",
    "a:-x",
    "a..b",
    "ghcr.io/a/../b",
    "ghcr.io/a//b",
    `a@sha256:${hex.slice(1)}`,
    `a@sha512:${hex}${hex}`,
    `a@sha256:${hex}@sha256:${hex}`,
    "host:port/a",
    "http://ghcr.io/a",
    "ghcr.io/a?ns=b",
    `a/${"b".repeat(300)}`,
    `a:${"b".repeat(129)}`,
  ])("refuses %j", (text) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: "REFERENCE_INVALID" }));
  });

  const part = fc.stringMatching(/^[a-z0-9]{1,8}([._-][a-z0-9]{1,4})?$/);
  const reference = fc.record({
    registry: fc.constantFrom("docker.io", "ghcr.io", "localhost", "10.0.0.1:5000", "[fd00::1]:443"),
    repository: fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/")),
    tag: fc.option(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/), { nil: undefined }),
    digest: fc.option(
      fc.stringMatching(/^[0-9a-f]{64}$/).map((digits) => `sha256:${digits}`),
      { nil: undefined },
    ),
  });

  test.prop([reference])("gives back what was formatted", ({ registry, repository, tag, digest }) => {
    const text = `${registry}/${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;

    const parsed = parseReference(text);

    expect(parseReference(formatReference(parsed))).toEqual(parsed);
    expect(targetOf(parsed)).toBe(digest ?? tag ?? "latest");
    expect(parsed.registry).toBe(registry);
  });

  test.prop([fc.string()])("reads or refuses anything, and what it reads is stable", (text) => {
    let full: string | undefined;
    try {
      full = formatReference(parseReference(text));
    } catch (error) {
      expect(error).toMatchObject({ code: "REFERENCE_INVALID" });
    }
    if (full !== undefined) expect(formatReference(parseReference(full))).toBe(full);
  });
});
