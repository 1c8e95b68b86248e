import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { emitYaml, parseYamlDocuments } from "../../../../src/lib/yaml/index.ts";

describe("parseYamlDocuments()", () => {
  it("reads Kubernetes manifests as go-yaml does", () => {
    const text =
      "---\nmode: 0777\non: yes\ntime: 2026-01-02\nduration: 1:30\nsum: 1_000\n---\n# nothing\n---\nkind: B\nkind: C\n";

    expect(parseYamlDocuments(text, { version: "1.1" })).toEqual([
      { mode: 511, true: true, time: "2026-01-02", duration: "1:30", sum: 1000 },
      { kind: "C" },
    ]);
  });

  it("reads YAML 1.2 where that is meant", () => {
    expect(parseYamlDocuments("mode: 0777\nanswer: yes\n", { version: "1.2" })).toEqual([{ mode: 777, answer: "yes" }]);
  });

  it("gives no documents for an empty stream", () => {
    expect(parseYamlDocuments("", { version: "1.1" })).toEqual([]);
  });

  it("refuses broken YAML with its line", () => {
    expect(() => parseYamlDocuments("a: 1\n---\nb: [\n", { version: "1.1", file: "cm.yaml" })).toThrow(
      expect.objectContaining({ code: "DOCUMENT_INVALID", where: { file: "cm.yaml:4:1" } }),
    );
  });
});

describe("emitYaml()", () => {
  it.each(["yes", "off", "y", "0b1", "0777", "0o7", "1:30", "1_000", "~", "null", "1e3", ".5", "<<", "2026-01-02", ""])(
    "quotes %j so that every reader sees a string",
    (text) => {
      const yaml = emitYaml({ value: text });

      expect(parse(yaml, { version: "1.1" })).toEqual({ value: text });
      expect(parse(yaml, { version: "1.2" })).toEqual({ value: text });
    },
  );

  it("writes shared values twice and long lines whole", () => {
    const shared = { a: "word ".repeat(60).trim() };

    expect(emitYaml([shared, shared])).toBe(`- a: ${shared.a}\n- a: ${shared.a}\n`);
  });

  test.prop([fc.jsonValue({ maxDepth: 4 })])("gives back what it was given, under both versions", (value) => {
    const plain = JSON.parse(JSON.stringify(value)) as unknown;
    const yaml = emitYaml(plain);

    expect(parseYamlDocuments(yaml, { version: "1.2" })).toEqual(plain === null ? [] : [plain]);
    expect(parseYamlDocuments(yaml, { version: "1.1" })).toEqual(plain === null ? [] : [plain]);
  });
});
