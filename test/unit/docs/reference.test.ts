import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseDocument } from "yaml";
import { bundleExample } from "../../../docs/reference/generator/bundle-page.ts";
import { commandExitCodes } from "../../../docs/reference/generator/command-exit-codes.ts";
import { asSchema } from "../../../docs/reference/generator/editor-schema.ts";
import { readBuiltIns } from "../../../docs/reference/generator/machine-configs-page.ts";
import { referenceFiles } from "../../../docs/reference/generator/reference-files.ts";
import { fieldsOf } from "../../../docs/reference/generator/schema-fields.ts";
import { siteExample } from "../../../docs/reference/generator/site-page.ts";
import { BundleDefinition, bundleJsonSchema } from "../../../src/bundle/index.ts";
import { commands } from "../../../src/cli/commands.ts";
import { parseSite, siteJsonSchema } from "../../../src/site/index.ts";
import { root } from "./doc-files.ts";

const folder = join(root, "docs/reference");

test("the reference is what npm run generate writes, and nothing else", async () => {
  const files = await referenceFiles();
  const written = readdirSync(folder).filter((name) => name !== "generate.ts" && name !== "generator");
  expect(written.sort()).toEqual([...files.keys()].sort());
  for (const [name, content] of files) expect(readFileSync(join(folder, name), "utf8"), name).toBe(content);
});

test("making it twice gives the same bytes", async () => {
  expect([...(await referenceFiles())]).toEqual([...(await referenceFiles())]);
});

test("every command that help shows has its exit codes, ascending", () => {
  const shown = commands.filter(({ isHidden }) => isHidden !== true).map(({ words }) => words.join(" "));
  expect(Object.keys(commandExitCodes)).toEqual(shown);
  for (const codes of Object.values(commandExitCodes)) expect(codes).toEqual([...codes].sort((a, b) => a - b));
});

test.each([
  ["site.yaml", siteJsonSchema()],
  ["bundle.yaml", bundleJsonSchema()],
])("every field of %s that a person fills in is described", (_, schema) => {
  const fields = fieldsOf(asSchema(schema));
  expect(fields.length).toBeGreaterThan(20);
  const bare = fields.filter(({ description, isSection, isFixed }) => description === "" && !isSection && !isFixed);
  expect(bare.map(({ path }) => path)).toEqual([]);
});

test("the example of site.md is a site", () => {
  const site = parseSite(siteExample.join("\n"), "site.yaml");
  expect(site.nodes.map(({ name }) => name)).toEqual(["cp-1", "cp-2", "cp-3", "w-1"]);
});

test("the example of bundle.md is a bundle definition", () => {
  const definition: unknown = parseDocument(bundleExample.join("\n")).toJS();
  expect(BundleDefinition.parse(definition).name).toBe("windpark");
});

test("every built-in machine config says when to use it", async () => {
  const builtIns = await readBuiltIns(join(root, "machineconfigs"));
  expect(builtIns.length).toBeGreaterThan(0);
  for (const { name, comment } of builtIns) expect(comment.length, name).toBeGreaterThan(40);
});
