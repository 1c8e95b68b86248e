import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { escapingLink, linkProblem } from "../../../../src/deployer/package/link-rules.ts";
import { pathProblem } from "../../../../src/deployer/package/path-rules.ts";

describe("escapingLink()", () => {
  it.each([
    ["up and down again", { "d/a": "../b" }, undefined],
    ["through a folder", { a: "d/../b" }, undefined],
    ["to itself", { a: "a" }, undefined],
    ["in a circle", { a: "b", b: "a/x" }, undefined],
    ["over the edge", { "d/a": "../../b" }, "d/a"],
    ["over the edge by way of a link that leads up", { "d/up": "..", x: "d/up/../y" }, "x"],
    ["to the folder itself", { "d/up": ".." }, undefined],
  ])("judges a link %s", (_what, links, expected) => {
    expect(escapingLink(new Map(Object.entries(links)))).toBe(expected);
  });
});

describe("linkProblem()", () => {
  it.each(["", "/etc/passwd", "a\\b", "a/con/b", "a:b", "a\0b"])("refuses %j", (target) => {
    expect(linkProblem(target)).toBeDefined();
  });

  it.each(["a", "../a/b", "./a", ".."])("takes %j", (target) => {
    expect(linkProblem(target)).toBeUndefined();
  });
});

describe("pathProblem()", () => {
  const part = fc
    .stringMatching(/^[A-Za-z0-9_-]{1,20}$/)
    .filter((text) => !/^(con|prn|aux|nul|com\d|lpt\d)$/i.test(text));

  test.prop([fc.array(part, { minLength: 1, maxLength: 8 })])("takes plain names in folders", (parts) => {
    expect(pathProblem(parts.join("/"))).toBeUndefined();
  });

  test.prop([
    fc.array(part, { minLength: 1, maxLength: 4 }),
    fc.constantFrom("..", ".", "", "a:b", "a\\b", "dot.", "space ", "NUL", "com1.txt", "line\nbreak"),
    fc.array(part, { maxLength: 4 }),
  ])("refuses odd ones wherever they stand", (before, odd, after) => {
    expect(pathProblem([...before, odd, ...after].join("/"))).toBeDefined();
  });
});
