import { describe, expect, it } from "vitest";
import { parseChallenge } from "../../../../src/oci/registry/challenge.ts";

describe("parseChallenge()", () => {
  it.each([
    ['Basic realm="x"', { kind: "basic" }],
    ["basic", { kind: "basic" }],
    [
      'Bearer realm="https://auth.example/token",service="reg",scope="repository:a/b:pull,push"',
      { kind: "bearer", realm: "https://auth.example/token", service: "reg", scope: "repository:a/b:pull,push" },
    ],
    ["bearer realm=https://a/t", { kind: "bearer", realm: "https://a/t" }],
    ['Basic realm="x", Bearer realm="https://a/t"', { kind: "bearer", realm: "https://a/t" }],
    ['Bearer service="s" , realm="say \\"hi\\""', { kind: "bearer", realm: 'say "hi"', service: "s" }],
    ['Bearer service="no realm", Basic realm="x"', { kind: "basic" }],
    ["Negotiate", undefined],
    ["", undefined],
    [`Bearer realm="${"x".repeat(5000)}"`, undefined],
  ])("reads %j", (header, challenge) => {
    expect(parseChallenge(header)).toEqual(challenge);
  });
});
