import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  findDeployConfig,
  loadFileValues,
  parseDeployConfig,
  type TemplateValue,
} from "../../../../src/deployer/templates/index.ts";

const expected = {
  variables: { domain: "example.org", REPLICAS: "3", ON: "true" },
  valuesFiles: ["a.yaml", "b.yaml"],
  setValues: { "app.name": "x" },
  components: ["web", "-db"],
};

describe("parseDeployConfig()", () => {
  it.each([
    [
      "c.toml",
      `log_level = "debug"
       [package.deploy]
       components = "web, -db"
       values = ["a.yaml", "b.yaml"]
       [package.deploy.set]
       domain = "example.org"
       REPLICAS = 3
       ON = true
       [package.deploy.set_values]
       "app.name" = "x"`,
    ],
    [
      "c.YAML",
      `Package:
         deploy:
           components: web,-db
           values: [a.yaml, b.yaml]
           Set: {domain: example.org, REPLICAS: 3, ON: true}
           set_values: {app.name: x}`,
    ],
    ["c.json", JSON.stringify({ package: { deploy: { ...asWritten() } } })],
  ])("reads %s", (file, text) => {
    expect(parseDeployConfig(text, file)).toEqual({ file, ...expected });
  });

  it.each([
    ["c.toml", "a = = 1"],
    ["c.yaml", "a: [1"],
    ["c.ini", "[a]"],
    ["c.toml", "[package.deploy]\nvalues = [1]"],
    ["c.yaml", "package: {deploy: {set: {A: [1]}}}"],
  ])("refuses %s: %j", (file, text) => {
    expect(() => parseDeployConfig(text, file)).toThrow(expect.objectContaining({ code: "PACKAGE_CONFIG_INVALID" }));
  });

  it("is content with a file that says nothing of deploying", () => {
    expect(parseDeployConfig("architecture: amd64", "c.yaml").variables).toEqual({});
    expect(parseDeployConfig("", "c.yaml").components).toEqual([]);
  });
});

function asWritten() {
  const { variables, valuesFiles, setValues, components } = expected;
  return { set: { ...variables, REPLICAS: 3, ON: true }, values: valuesFiles, set_values: setValues, components };
}

describe("with files", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "skerry-config-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it("findDeployConfig() prefers the named one, then the folder, then the home", async () => {
    const home = join(folder, "home");
    await mkdir(join(home, ".zarf"), { recursive: true });
    await writeFile(join(home, ".zarf", "zarf-config.toml"), "");
    const find = async (environment = {}) => (await findDeployConfig({ folder, home, environment }))?.file;

    expect(await find()).toBe(join(home, ".zarf", "zarf-config.toml"));
    await writeFile(join(folder, "zarf-config.yaml"), "");
    expect(await find()).toBe(join(folder, "zarf-config.yaml"));
    await writeFile(join(folder, "named.toml"), "");
    expect(await find({ ZARF_CONFIG: join(folder, "named.toml") })).toBe(join(folder, "named.toml"));
    await expect(find({ ZARF_CONFIG: join(folder, "none.toml") })).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
  });

  it("loadFileValues() reads text, and has no bytes for anything else", async () => {
    await writeFile(join(folder, "text.txt"), "caf\u00e9");
    await writeFile(join(folder, "binary.bin"), Buffer.from([0, 1]));
    const named = ["text.txt", "binary.bin", "missing.txt", "."];
    const values = new Map<string, TemplateValue>([
      ...named.map((value): [string, TemplateValue] => [value, { value, type: "file" }]),
      ["EMPTY", { value: "", type: "file" }],
      ["RAW", { value: "text.txt" }],
    ]);

    const loaded = await loadFileValues(values, { folder, signal: new AbortController().signal });

    const bytesOf = (key: string) => loaded.get(key)?.content?.bytes;
    expect(Buffer.from(bytesOf("text.txt") ?? []).toString()).toBe("caf\u00e9");
    for (const key of ["binary.bin", "missing.txt", "."])
      expect(loaded.get(key)?.content).toEqual({ bytes: undefined });
    for (const key of ["EMPTY", "RAW"]) expect(loaded.get(key)?.content).toBeUndefined();
  });
});
