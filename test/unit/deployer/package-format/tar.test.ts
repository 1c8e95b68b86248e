import { fc, test } from "@fast-check/vitest";
import { pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import type { ByteFile } from "../../../../src/deployer/package/archive/byte-file.ts";
import { TarError } from "../../../../src/deployer/package/archive/tar-header.ts";
import { tarInFile, tarInStream } from "../../../../src/deployer/package/archive/tar-input.ts";
import { walkTar } from "../../../../src/deployer/package/archive/walk-tar.ts";

const { signal } = new AbortController();

interface Written {
  readonly name: string;
  readonly content: string;
}

async function tarOf(entries: readonly Written[]): Promise<Buffer> {
  const archive = pack();
  for (const { name, content } of entries) archive.entry({ name }, content);
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

function asFile(bytes: Buffer): ByteFile {
  return {
    label: "a.tar",
    sizeBytes: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
    stream: async function* ({ start, end }) {
      yield bytes.subarray(start, end);
    },
    close: () => Promise.resolve(),
  };
}

async function* inChunks(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Both ways of reading give the same; content is taken from one entry and skipped in the next. */
async function entriesOf(bytes: Buffer, chunkBytes: number) {
  const found = [];
  for (const input of [tarInFile(asFile(bytes), { signal }), tarInStream(inChunks(bytes, chunkBytes))]) {
    const seen: { readonly name: string; readonly content: string; readonly type: string }[] = [];
    for await (const { name, sizeBytes, offset, type } of walkTar(input)) {
      const isRead = seen.length % 2 === 0;
      const chunks: Uint8Array[] = [];
      if (isRead) for await (const chunk of input.pass(sizeBytes)) chunks.push(Buffer.from(chunk));
      const content = isRead ? Buffer.concat(chunks).toString() : bytes.toString("utf8", offset, offset + sizeBytes);
      seen.push({ name, content, type });
    }
    found.push(seen);
  }
  expect(found[0]).toEqual(found[1]);
  return found[0];
}

const name = fc
  .array(fc.stringMatching(/^[a-zäöü0-9._-]{1,60}$/), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join("/"));

describe("walkTar()", () => {
  test.prop([
    fc.array(fc.record({ name, content: fc.string({ maxLength: 2000, unit: "binary" }) }), { maxLength: 12 }),
    fc.integer({ min: 1, max: 3000 }),
  ])("reads what another writer wrote, long names and all, in chunks of any size", async (entries, chunkBytes) => {
    const bytes = await tarOf(entries);

    expect(await entriesOf(bytes, chunkBytes)).toEqual(entries.map((entry) => ({ ...entry, type: "file" })));
  });

  const bytes = tarOf([
    { name: "a/first.txt", content: "one ".repeat(300) },
    { name: `b/${"long".repeat(60)}`, content: "two" },
  ]);

  test.prop([fc.integer({ min: 1, max: 3500 })])("never reads beyond an archive that is cut", async (length) => {
    const cut = (await bytes).subarray(0, length);
    const outcome = await entriesOf(cut, 777).catch((error: unknown) => error);

    const isWhole = Array.isArray(outcome);
    expect(isWhole ? length % 512 : (outcome as TarError).isTruncated).toBe(isWhole ? 0 : true);
  });

  test.prop([fc.integer({ min: 0, max: 511 }), fc.integer({ min: 1, max: 255 })])(
    "refuses a header in which a byte has changed",
    async (at, change) => {
      const changed = Buffer.from(await bytes);
      changed[at] = (changed[at] ?? 0) ^ change;

      await expect(entriesOf(changed, 4096)).rejects.toBeInstanceOf(TarError);
    },
  );

  it("refuses content behind the end, and headers that would fill the memory", async () => {
    const whole = await bytes;
    const behind = Buffer.concat([whole, Buffer.from("hidden")]);

    await expect(entriesOf(behind, 4096)).rejects.toThrow("goes on behind its end");
    const huge = Buffer.from(whole.subarray(2048));
    expect(huge.toString("latin1", 156, 157)).toBe("x");
    huge.write("77777777777\0", 124, "latin1");
    huge.fill(" ", 148, 156);
    const sum = huge.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    huge.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    await expect(entriesOf(huge, 4096)).rejects.toThrow("more than 1 MiB");
  });

  it("tells links, devices and folders apart", async () => {
    const archive = pack();
    archive.entry({ name: "d/", type: "directory" });
    archive.entry({ name: "d/link", type: "symlink", linkname: "../x" });
    archive.entry({ name: "d/hard", type: "link", linkname: "d/x" });
    archive.entry({ name: "d/pipe", type: "fifo" });
    archive.entry({ name: "d/device", type: "character-device" });
    archive.finalize();
    const chunks: Uint8Array[] = [];
    for await (const chunk of archive) chunks.push(chunk as Uint8Array);

    const types = (await entriesOf(Buffer.concat(chunks), 100))?.map((entry) => entry.type);
    expect(types).toEqual(["folder", "link", "hard-link", "other", "other"]);
  });
});
