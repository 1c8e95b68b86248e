import { Buffer } from "node:buffer";
import { gunzipSync, gzipSync } from "node:zlib";
import { type Header, pack } from "tar-stream";
import { afterAll, describe, expect, it } from "vitest";
import { createChartEngine } from "../../../src/deployer/charts/engine/index.ts";
import { chartYaml, configMap } from "../../support/charts/chart-case.ts";

const engine = createChartEngine();
const { signal } = new AbortController();
afterAll(() => engine.close());

type Entry = readonly [header: Partial<Header> & { readonly name: string }, content?: string | Buffer];

async function archive(...entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const [header, content] of entries) tar.entry(header, content ?? "");
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk as Uint8Array);
  return gzipSync(Buffer.concat(chunks));
}
const sample: Entry = [{ name: "web/Chart.yaml" }, chartYaml()];
const inspect = (bytes: Uint8Array) => engine.inspectChart(bytes, { signal });

describe("a packed chart that is none", () => {
  it.each<readonly [string, () => Promise<Uint8Array> | Uint8Array, string]>([
    ["text", () => Buffer.from("hello"), "does not appear to be a valid chart"],
    ["nothing", () => Buffer.alloc(0), "does not appear to be a valid chart"],
    ["gzip of nothing", () => gzipSync(""), "no files in chart archive"],
    ["gzip of noise", () => gzipSync(Buffer.alloc(2000, 7)), "unable to load chart archive"],
    [
      "a cut archive",
      async () => (await archive(sample, [{ name: "web/big" }, Buffer.alloc(100_000, 1)])).subarray(0, 150),
      "unable to load chart archive",
    ],
    ["no Chart.yaml", () => archive([{ name: "web/templates/a.yaml" }, "x"]), "no Chart.yaml found"],
    ["Chart.yaml outside a folder", () => archive([{ name: "Chart.yaml" }, chartYaml()]), "outside the base directory"],
    ["a path that climbs", () => archive(sample, [{ name: "web/../../etc/passwd" }, "x"]), "parent directory"],
    [
      "a path that climbs, after a folder",
      () => archive(sample, [{ name: "web/templates/../../../x" }, "x"]),
      "parent directory",
    ],
    ["an absolute path", () => archive(sample, [{ name: "web//etc/passwd" }, "x"]), "absolute paths"],
    ["a drive of Windows", () => archive(sample, [{ name: "web\\c:\\x" }, "x"]), "illegally named"],
    [
      "a symbolic link",
      () => archive(sample, [{ name: "web/templates/a.yaml", type: "symlink", linkname: "/etc/passwd" }]),
      "neither a file nor a folder",
    ],
    [
      "a hard link",
      () => archive(sample, [{ name: "web/values.yaml", type: "link", linkname: "web/Chart.yaml" }]),
      "neither a file nor a folder",
    ],
    [
      "a device",
      () => archive(sample, [{ name: "web/null", type: "character-device", devmajor: 1, devminor: 3 }]),
      "neither a file nor a folder",
    ],
    [
      "a subchart that is no archive",
      () => archive(sample, [{ name: "web/charts/db-1.0.0.tgz" }, "x"]),
      "error unpacking subchart",
    ],
  ])("is refused: %s", async (_name, make, words) => {
    await expect(inspect(await make())).rejects.toMatchObject({
      code: "CHART_INVALID",
      message: expect.stringContaining(words),
    });
  });

  it.each<readonly [string, () => Promise<Uint8Array> | Uint8Array]>([
    ["one that unpacks to 200 MiB", () => archive(sample, [{ name: "web/bomb" }, Buffer.alloc(200 << 20)])],
    [
      "one with too many entries",
      () => archive(sample, ...Array.from({ length: 10_001 }, (_, index): Entry => [{ name: `web/f${index}` }, ""])),
    ],
    ["one that is large while packed", () => Buffer.alloc(21 << 20, 1)],
  ])("is too large: %s", async (_name, make) => {
    await expect(inspect(await make())).rejects.toMatchObject({ code: "CHART_TOO_LARGE" });
    expect((await inspect(await archive(sample))).name).toBe("web");
  });

  it("stops at a subchart that unpacks to too much", async () => {
    const bomb = await archive(
      [{ name: "db/Chart.yaml" }, chartYaml("db")],
      [{ name: "db/bomb" }, Buffer.alloc(60 << 20)],
    );

    await expect(inspect(await archive(sample, [{ name: "web/charts/db-1.0.0.tgz" }, bomb]))).rejects.toMatchObject({
      code: "CHART_INVALID",
    });
  });
});

describe("a chart folder that is none", () => {
  const folder = (path: string, bytes: Uint8Array = Buffer.from("x")) => ({
    files: new Map([
      ["Chart.yaml", Buffer.from(chartYaml())],
      [path, bytes],
    ]),
  });

  it.each(["../x", "/etc/passwd", "a/../../x", "a\\b", "", "a//b", "./x"])("is refused: path %j", async (path) => {
    await expect(engine.inspectChart(folder(path), { signal })).rejects.toMatchObject({
      code: "CHART_INVALID",
      message: expect.stringContaining("not a path below"),
    });
  });

  it("is too large", async () => {
    await expect(engine.inspectChart(folder("big", Buffer.alloc(51 << 20)), { signal })).rejects.toMatchObject({
      code: "CHART_TOO_LARGE",
    });
  });
});

describe("a packed chart that is fine", () => {
  it("may come with headers that Git and old tars write, and in any order", async () => {
    const packed = await archive(
      [{ name: "web/templates/a.yaml" }, configMap("{{ .Values.x }}")],
      [{ name: "web", type: "directory" }],
      [{ name: `web/${"deep/".repeat(30)}file` }, "long name"],
      [{ name: "web/values.yaml" }, "x: 5\n"],
      sample,
    );

    const tar = Buffer.concat([globalHeader("29 comment=made from 0123456\n"), gunzipSync(packed)]);

    expect(await inspect(gzipSync(tar))).toMatchObject({ name: "web", valuesYaml: "x: 5\n" });
  });
});

/** A comment on the whole archive, as `git archive` writes it. @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html */
function globalHeader(comment: string): Buffer {
  const block = Buffer.alloc(1024);
  block.write("pax_global_header", 0);
  block.write("0000644\x000000000\x000000000\x00", 100);
  block.write(`${comment.length.toString(8).padStart(11, "0")}\x00${"0".repeat(11)}\x00`, 124);
  block.write("        g", 148);
  block.write("ustar\x0000", 257);
  const sum = block.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\x00 `, 148);
  block.write(comment, 512);
  return block;
}
