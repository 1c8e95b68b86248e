import { globSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { extract } from "tar-stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createChartEngine } from "../../../src/deployer/charts/engine/index.ts";
import { readFolder, realHelm } from "../../support/charts/real-helm.ts";
import { bySkerry, requestOf } from "../../support/charts/render-case.ts";
import { readZarfArchive } from "../../support/zarf-archive.ts";

const fixtures = join(import.meta.dirname, "../../fixtures/zarf/public");
const engine = createChartEngine();
let helm: Awaited<ReturnType<typeof realHelm>>;

beforeAll(async () => {
  helm = await realHelm();
});
afterAll(async () => {
  await engine.close();
  await helm[Symbol.asyncDispose]();
});

/** Packed charts of a package with the values files that belong to them (`values/<chart>-<n>`). */
async function chartsOf(archive: string) {
  const charts: { name: string; packed: Buffer; values: readonly { name: string; text: string }[] }[] = [];
  for (const component of await readZarfArchive(archive)) {
    if (!/^components\/.*\.tar$/.test(component.name)) continue;
    const files = new Map<string, Buffer>();
    for await (const entry of Readable.from([component.bytes]).pipe(extract())) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry) chunks.push(chunk as Uint8Array);
      files.set(entry.header.name, Buffer.concat(chunks));
    }
    for (const [path, packed] of files) {
      if (!path.endsWith(".tgz")) continue;
      const name = basename(path, ".tgz");
      const values = [...files]
        .filter(([other]) => other.includes("/values/") && basename(other).startsWith(`${name}-`))
        .map(([other, text]) => ({ name: join(helm.folder, basename(other)), text: text.toString() }));
      charts.push({ name, packed, values });
    }
  }
  return charts;
}

describe("charts in packages that the real Zarf made", () => {
  const archives = globSync("*/zarf-*.tar.zst", { cwd: fixtures }).sort();

  it("are there", async () => {
    const all = await Promise.all(archives.map((archive) => chartsOf(join(fixtures, archive))));
    expect(all.flat().length).toBeGreaterThanOrEqual(15);
  });

  it.each(archives)("of %s render as helm template", async (archive) => {
    for (const { name, packed, values } of await chartsOf(join(fixtures, archive))) {
      const file = join(helm.folder, `${name}.tgz`);
      await writeFile(file, packed);
      for (const one of values) await writeFile(one.name, one.text);
      const theirs = await helm.run([
        "template",
        "web",
        file,
        "--namespace",
        "shop",
        ...values.flatMap((one) => ["-f", one.name]),
      ]);
      expect(await bySkerry(engine, requestOf({ name, files: {} }, values, packed))).toEqual(theirs);
    }
  });
});

describe("chart folders beside those packages", () => {
  const folders = globSync("**/Chart.yaml", { cwd: fixtures })
    .map((file) => dirname(file))
    .sort();

  it.each(folders)("%s renders as helm template", async (folder) => {
    const path = join(fixtures, folder);
    const theirs = await helm.run(["template", "web", path, "--namespace", "shop"]);
    const chart = { files: await readFolder(path) };
    expect(await bySkerry(engine, requestOf({ name: folder, files: {} }, [], chart))).toEqual(theirs);
  });
});
