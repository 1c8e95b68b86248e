import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { z } from "zod";
import { bundleExample } from "../../../docs/reference/generator/bundle-page.ts";
import { asSchema, isArray, type JsonSchema } from "../../../docs/reference/generator/editor-schema.ts";
import { siteExample } from "../../../docs/reference/generator/site-page.ts";
import { BundleDefinition } from "../../../src/bundle/index.ts";
import type { JsonValue } from "../../../src/lib/json.ts";
import { loadSite } from "../../../src/site/index.ts";
import { repositoryFiles, root } from "./doc-files.ts";

/** Keywords of draft-7 that our schemas may use; a strict validator refuses what it does not know. */
const keywords = new Set(
  "$schema title description type properties required additionalProperties items anyOf enum const default pattern format minLength minItems minimum maximum propertyNames".split(
    " ",
  ),
);
const draft7Formats = new Set(["ipv4", "ipv6", "uri"]);
const example = (lines: readonly string[]): unknown => parseDocument(lines.join("\n")).toJS();

describe.each([
  { document: "site", kind: "Site", example: example(siteExample) },
  { document: "bundle", kind: "Bundle", example: example(bundleExample) },
])("$document.schema.json", ({ document, kind, example: written }) => {
  const file = join(root, `docs/reference/${document}.schema.json`);
  const schema = asSchema(JSON.parse(readFileSync(file, "utf8")) as JsonValue);
  const read = z.fromJSONSchema(schema);

  test("says that it is draft-7 and what the document is", () => {
    expect(schema["$schema"]).toBe("http://json-schema.org/draft-07/schema#");
    expect(schema["required"]).toEqual(expect.arrayContaining(["apiVersion", "kind", "name"]));
    expect(asSchema(asSchema(schema["properties"])["kind"])["const"]).toBe(kind);
  });

  test("has only keywords and formats of draft-7, and closed mappings", () => {
    for (const part of partsOf(schema)) {
      for (const key of Object.keys(part)) expect(keywords, key).toContain(key);
      if (part["format"] !== undefined) expect(draft7Formats).toContain(part["format"]);
      if (part["pattern"] !== undefined) expect(() => new RegExp(String(part["pattern"]), "u")).not.toThrow();
      if (part["properties"] === undefined) continue;
      expect(part["additionalProperties"]).toBe(false);
      const names = Object.keys(asSchema(part["properties"]));
      if (isArray(part["required"])) expect(names).toEqual(expect.arrayContaining(part["required"].map(String)));
    }
  });

  test("accepts the example of its page", () => {
    expect(read.safeParse(written).error).toBeUndefined();
  });

  test.each([
    ["an unknown key", { nmae: "x" }],
    ["a wrong type", { name: 7 }],
    ["another kind", { kind: "Sites" }],
  ])("refuses %s", (_, change) => {
    expect(read.safeParse({ ...(written as object), ...change }).success).toBe(false);
  });
});

describe("documents in bundles/", () => {
  const files = repositoryFiles(["bundles/**/*.yaml"]).filter(({ text }) => /^kind: (Site|Bundle)$/m.test(text));
  test("there are some", () => {
    expect(files.length).toBeGreaterThan(0);
  });

  test.each(files.map(({ path, text }) => ({ path, text })))(
    "$path is valid by loader and by schema",
    async ({ path, text }) => {
      const document = /^kind: Site$/m.test(text) ? "site" : "bundle";
      const schema = JSON.parse(
        readFileSync(join(root, `docs/reference/${document}.schema.json`), "utf8"),
      ) as z.core.JSONSchema.JSONSchema;
      const written: unknown = parseDocument(text).toJS();
      expect(z.fromJSONSchema(schema).safeParse(written).error).toBeUndefined();
      if (document === "site") await loadSite(join(root, path));
      else expect(BundleDefinition.safeParse(written).error).toBeUndefined();
    },
  );
});

/** A schema and all schemas in it. */
function partsOf(schema: JsonSchema): readonly JsonSchema[] {
  const { properties, items, anyOf, additionalProperties, propertyNames } = schema;
  const inner = [
    ...(properties === undefined ? [] : Object.values(asSchema(properties))),
    ...(isArray(anyOf) ? anyOf : []),
    ...[items, additionalProperties, propertyNames].filter((part) => typeof part === "object"),
  ];
  return [schema, ...inner.flatMap((part) => partsOf(asSchema(part)))];
}
