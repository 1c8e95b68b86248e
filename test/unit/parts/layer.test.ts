import { createHash } from "node:crypto";
import { readFile, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { fc, test } from "@fast-check/vitest";
import { extract, type Header } from "tar-stream";
import { describe, expect, it } from "vitest";
import { type LayerEntry, orderLayer } from "../../../parts/images/layer.ts";
import { packLayer } from "../../../parts/images/pack-layer.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const { signal } = new AbortController();
const bytes = (text: string): Uint8Array => Buffer.from(text);
const entries: readonly LayerEntry[] = [
  { kind: "bytes", path: "etc/passwd", mode: 0o644, bytes: bytes("root:x:0:0::/:\n") },
  { kind: "directory", path: "tmp", mode: 0o1777 },
  { kind: "link", path: "var/run", target: "/run" },
  { kind: "bytes", path: "usr/local/bin/thing", mode: 0o755, bytes: bytes("#!") },
];

describe("orderLayer()", () => {
  it("names every folder before what is in it", () => {
    expect(orderLayer(entries).map((entry) => entry.path)).toEqual([
      "etc",
      "etc/passwd",
      "tmp",
      "usr",
      "usr/local",
      "usr/local/bin",
      "usr/local/bin/thing",
      "var",
      "var/run",
    ]);
  });

  test.prop([fc.shuffledSubarray([...entries], { minLength: entries.length })])(
    "gives the same order for entries in any order",
    (shuffled) => {
      expect(orderLayer(shuffled)).toEqual(orderLayer(entries));
    },
  );

  it.each([
    ["an absolute path", "/etc"],
    ["a path that climbs", "etc/../../x"],
    ["an empty path", ""],
  ])("refuses %s", (_what, bad) => {
    expect(() => orderLayer([{ kind: "directory", path: bad, mode: 0o755 }])).toThrow("not a plain relative path");
  });

  it("refuses two entries of one name, and a file below a link", () => {
    const [first] = entries;
    if (first === undefined) throw new Error("no entries");

    expect(() => orderLayer([...entries, first])).toThrow("two entries");
    expect(() => orderLayer([...entries, { kind: "directory", path: "var/run/x", mode: 0o755 }])).toThrow("no folder");
  });
});

describe("packLayer()", () => {
  it("gives the same bytes again, whatever the order and the file times", async () => {
    await using folder = await temporaryFolder();
    const program = path.join(folder.path, "program");
    await writeFile(program, Buffer.alloc(3_000_001, "skerry"));
    const file: LayerEntry = { kind: "file", path: "bin/program", mode: 0o755, file: program };

    const first = await packLayer([...entries, file], path.join(folder.path, "1"), { signal });
    await utimes(program, 1, 1);
    const second = await packLayer([file, ...[...entries].reverse()], path.join(folder.path, "2"), { signal });

    expect(second).toEqual(first);
    expect(await readFile(path.join(folder.path, "2"))).toEqual(await readFile(path.join(folder.path, "1")));
  });

  it("says the digests and the size of what it wrote", async () => {
    await using folder = await temporaryFolder();
    const output = path.join(folder.path, "layer");

    const { descriptor, diffId } = await packLayer(entries, output, { signal });

    const written = await readFile(output);
    const sha256 = (data: Uint8Array): string => `sha256:${createHash("sha256").update(data).digest("hex")}`;
    expect(descriptor).toEqual({
      mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
      digest: sha256(written),
      size: written.length,
    });
    expect(diffId).toBe(sha256(gunzipSync(written)));
  });

  it("writes modes, links and no times, owners or names of this machine", async () => {
    await using folder = await temporaryFolder();
    const output = path.join(folder.path, "layer");

    await packLayer(entries, output, { signal });

    const compressed = await readFile(output);
    expect([...compressed.subarray(3, 8)]).toEqual([0, 0, 0, 0, 0]);
    const headers = await tarHeaders(gunzipSync(compressed));
    for (const header of headers) {
      expect(header).toMatchObject({ uid: 0, gid: 0, uname: "", gname: "" });
      expect(header.mtime?.getTime()).toBe(0);
    }
    const found = (name: string): Header | undefined => headers.find((header) => header.name === name);
    expect(found("usr/local/bin/thing")?.mode).toBe(0o755);
    expect(found("tmp/")?.mode).toBe(0o1777);
    expect(found("var/run")).toMatchObject({ type: "symlink", linkname: "/run" });
  });

  it("fails when a file is missing, instead of writing a layer without it", async () => {
    await using folder = await temporaryFolder();
    const missing: LayerEntry = { kind: "file", path: "x", mode: 0o755, file: path.join(folder.path, "nowhere") };

    await expect(packLayer([missing], path.join(folder.path, "layer"), { signal })).rejects.toMatchObject({
      code: "ENOENT",
    });
  });
});

async function tarHeaders(tar: Uint8Array): Promise<readonly Header[]> {
  const headers: Header[] = [];
  const reader = extract();
  reader.end(tar);
  for await (const entry of reader) {
    headers.push(entry.header);
    await buffer(entry);
  }
  return headers;
}
