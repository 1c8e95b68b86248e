import { createHash } from "node:crypto";
import { copyFile, open, readFile, truncate, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fc, test } from "@fast-check/vitest";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tarHeader } from "../../../src/bundle/format/tar-header.ts";
import { type Bundle, openBundle, verifyBundle } from "../../../src/bundle/index.ts";
import { readFailure } from "../../../src/bundle/open/bundle-file.ts";
import { isOperatorError, type OperatorError } from "../../../src/lib/errors/index.ts";
import { digestOf, parseDigest } from "../../../src/oci/index.ts";
import { bundleKeys, inPieces, makeBundle, packageInput } from "../../support/bundles.ts";
import { startFakeRegistry } from "../../support/registry.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const signal = new AbortController().signal;
const keys = bundleKeys();
const trust = { keys: [{ file: "bundle.pub", pem: keys.publicPem }], allowUnsigned: false };
const layers = ["one", "two"].map((seed, at) =>
  Buffer.alloc(3_000_001 * at + 777, createHash("sha512").update(seed).digest()),
);
const small = digestOf(layers[0] ?? "");
const large = digestOf(layers[1] ?? "");

let folder: AsyncDisposable & { readonly path: string };
let file: string;
let bytes: Buffer;
let unsignedBytes: Buffer;

beforeAll(async () => {
  folder = await temporaryFolder();
  const registry = await startFakeRegistry();
  registry.addImage("library/registry", "3", layers);
  registry.addImage("pause", "3.10", layers.slice(0, 1));
  const iso = Buffer.from("boot me");
  const descriptor = { mediaType: "application/octet-stream", digest: digestOf(iso), size: iso.length };
  const contents = {
    closureImages: [
      { reference: "registry:3", why: ["test"] },
      { reference: "registry.k8s.io/pause:3.10", why: ["pods"] },
    ],
    packages: [packageInput("demo", { "zarf.yaml": Buffer.from("kind: ZarfPackageConfig\n") })],
    assets: [
      { name: "metal-amd64.iso", kind: "iso", architecture: "amd64", blob: { descriptor, open: () => inPieces(iso) } },
    ],
  } as const;
  const unsigned = await makeBundle(registry, folder.path, {
    ...contents,
    output: join(folder.path, "unsigned.bundle.tar"),
  });
  unsignedBytes = await readFile(unsigned.file);
  const signingKey = { file: "bundle.key", pem: keys.privatePem };
  ({ file } = await makeBundle(registry, folder.path, { ...contents, signingKey }));
  bytes = await readFile(file);
  await registry.close();
});
afterAll(async () => await folder[Symbol.asyncDispose]());

const failureOf = async (work: Promise<unknown>): Promise<OperatorError> => {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!isOperatorError(error)) throw new Error("did not fail with an OperatorError", { cause: error });
  return error;
};
const collected = async (stream: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
};
/** The bundle with some of its bytes changed, as another file. */
const changed = async (change: (copy: Buffer) => Buffer): Promise<string> => {
  const path = join(folder.path, "changed.bundle.tar");
  await writeFile(path, change(Buffer.from(bytes)));
  return path;
};
const withBundle = async <T>(path: string, work: (bundle: Bundle) => Promise<T>): Promise<T> => {
  const bundle = await openBundle(path, { signal });
  try {
    return await work(bundle);
  } finally {
    await bundle.close();
  }
};
/** Offset of a blob's content. */
const offsetOf = (digest: string): number => bytes.indexOf(`blobs/sha256/${digest.slice(7)}`) + 512;

describe("openBundle()", () => {
  it("serves images by tag and by digest, with and without their registry", async () => {
    await withBundle(file, async (bundle) => {
      const image = await bundle.resolve({ registry: "docker.io", repository: "library/registry", reference: "3" });
      const digest = image?.digest ?? "";

      expect(image?.mediaType).toBe("application/vnd.oci.image.manifest.v1+json");
      expect(await bundle.resolve({ repository: "library/registry", reference: "3" })).toEqual(image);
      expect(
        await bundle.resolve({ registry: "docker.io", repository: "library/registry", reference: digest }),
      ).toEqual(image);
      expect(
        await bundle.resolve({ registry: "ghcr.io", repository: "library/registry", reference: "3" }),
      ).toBeUndefined();
      expect(
        await bundle.resolve({ registry: "docker.io", repository: "library/registry", reference: "4" }),
      ).toBeUndefined();
      expect(await bundle.resolve({ repository: "pause", reference: large })).toBeUndefined();
      expect(await bundle.tags({ registry: "registry.k8s.io", repository: "pause" })).toEqual(["3.10"]);
      expect(await bundle.tags({ repository: "nothing" })).toBeUndefined();
      expect(await bundle.stat(large)).toBe(layers[1]?.length);
      expect(await bundle.stat(digestOf("nothing"))).toBeUndefined();
    });
  });

  it("hands out any range of a blob", async () => {
    await withBundle(file, async (bundle) => {
      expect(digestOf(await collected(bundle.open(large, { signal })))).toBe(large);
      for (const [start, end] of [
        [0, 1],
        [1_048_575, 1_048_577],
        [2_999_000, undefined],
        [5, 5],
        [0, 99_999_999],
      ] as const) {
        const range = { start, ...(end === undefined ? {} : { end }) };
        const part = await collected(bundle.open(large, { ...range, signal }));
        expect(part.equals(layers[1]?.subarray(start, end) ?? Buffer.alloc(0))).toBe(true);
      }
    });
  });

  it("stops reading when its signal is aborted", async () => {
    await withBundle(file, async (bundle) => {
      const controller = new AbortController();
      const reading = async (): Promise<void> => {
        for await (const _ of bundle.open(large, { signal: controller.signal })) controller.abort(new Error("enough"));
      };

      await expect(reading()).rejects.toThrow("enough");
    });
  });

  it("does not hand on the end of a blob that was changed", async () => {
    const path = await changed((copy) => copy.fill(0xff, offsetOf(large) + 5, offsetOf(large) + 6));
    await withBundle(path, async (bundle) => {
      let passed = 0;
      const reading = async (): Promise<void> => {
        for await (const chunk of bundle.verifiedBlob(large, { signal })) passed += chunk.length;
      };

      const error = await failureOf(reading());

      expect(error.code).toBe("BUNDLE_DAMAGED");
      expect(error.problems[0]?.message).toBe(`${large} (docker.io/library/registry:3)`);
      expect(passed).toBeLessThan(layers[1]?.length ?? 0);
    });
  });

  test.prop([fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })], { numRuns: 60 })(
    "says how much of a truncated file is missing",
    async (share) => {
      const length = Math.floor(share * bytes.length);
      const path = await changed((copy) => copy.subarray(0, length));

      const error = await failureOf(openBundle(path, { signal }));

      expect(error.code).toBe("BUNDLE_TRUNCATED");
      const isExact = length >= offsetOf(small) - 512 - 20 * 1024 && !error.message.includes("at least");
      if (isExact) expect(error.message).toContain(` ${bytes.length - length} bytes are missing`);
    },
  );

  it("is exact about what is missing as soon as the index is there", async () => {
    for (const missing of [1, 512, 1024, 1025, 2_000_000]) {
      const path = await changed((copy) => copy.subarray(0, copy.length - missing));

      expect((await failureOf(openBundle(path, { signal }))).message).toContain(`: ${missing} bytes are missing`);
    }
  });

  const zeros = (length: number): Buffer => Buffer.alloc(length);
  it.each<[string, (copy: Buffer) => Buffer]>([
    ["an empty file's zeros", (copy) => copy.fill(0)],
    ["another file", (copy) => copy.fill("text ")],
    ["bytes after its end", (copy) => Buffer.concat([copy, zeros(512)])],
    [
      "another entry before its end",
      (copy) => Buffer.concat([copy.subarray(0, -1024), tarHeader("x", 0), zeros(1024)]),
    ],
    ["a blob twice", (copy) => insertAtEnd(copy, copy.subarray(offsetOf(small) - 512, offsetOf(small) + 1024))],
    ["a blob that nothing names", (copy) => insertAtEnd(copy, entry(`blobs/sha256/${"a".repeat(64)}`, "x"))],
    ["a name that climbs", (copy) => insertAtEnd(copy, entry("../evil", "x"))],
    ["an absolute name", (copy) => insertAtEnd(copy, entry("/etc/evil", "x"))],
    ["its blobs in another order", swapLastTwo],
    ["its first entry missing", (copy) => copy.subarray(1024)],
    [
      "an index larger than 4 MiB",
      () =>
        Buffer.concat([
          entry("oci-layout", '{"imageLayoutVersion":"1.0.0"}'),
          entry("index.json", " ".repeat(5_000_000)),
          zeros(1024),
        ]),
    ],
  ])("refuses a file with %s", async (_, change) => {
    const error = await failureOf(openBundle(await changed(change), { signal }));

    expect(["BUNDLE_INVALID", "BUNDLE_DAMAGED"]).toContain(error.code);
  });

  it("calls an index that was changed after signing by its name, when it is told whom to trust", async () => {
    const path = await changed((copy) => {
      copy.write("pauze", copy.indexOf("registry.k8s.io/pause") + 16, "latin1");
      return copy;
    });

    expect((await failureOf(openBundle(path, { signal, trust }))).code).toBe("BUNDLE_SIGNATURE_INVALID");
    expect((await failureOf(openBundle(path, { signal }))).code).toBe("BUNDLE_INVALID");
  });

  it("says that a file is not there, or is none", async () => {
    expect((await failureOf(openBundle(join(folder.path, "nothing"), { signal }))).code).toBe("FILE_UNREADABLE");
    expect((await failureOf(openBundle(folder.path, { signal }))).code).toBe("FILE_UNREADABLE");
  });

  it("asks for the file back when it can no longer be read", async () => {
    const path = join(folder.path, "stick.bundle.tar");
    await copyFile(file, path);
    await withBundle(path, async (bundle) => {
      await truncate(path, 4096);
      await unlink(path);

      const error = await failureOf(collected(bundle.verifiedBlob(large, { signal })));

      expect(error.code).toBe("BUNDLE_GONE");
      expect(error.where.file).toBe(path);
    });
  });

  it.each(["EIO", "ENODEV", "ESTALE", "ENXIO"])("takes %s for a stick that was pulled out", (code) => {
    const failure = readFailure("/media/stick/a.bundle.tar", Object.assign(new Error("read"), { code }));

    expect(isOperatorError(failure, "BUNDLE_GONE")).toBe(true);
  });
});

describe("verifyBundle()", () => {
  it("finds a whole bundle right, and counts every byte of its blobs", async () => {
    const seen: number[] = [];
    const result = await verifyBundle(file, { trust, signal, onProgress: ({ doneBytes }) => seen.push(doneBytes) });

    expect(result).toMatchObject({ name: "windpark", images: 2, sizeBytes: bytes.length, trust: { kind: "signed" } });
    expect(seen.at(-1)).toBeGreaterThan(3_000_000);
  });

  // Every entry is small but two, so half of the samples are taken outside of them: headers, padding, documents, trailer.
  const bit = fc.oneof(
    fc.nat(200_000 * 8),
    fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }).map((share) => Math.floor(share * 1e9)),
    fc.nat(2048 * 8).map((back) => -1 - back),
  );
  test.prop([bit], { numRuns: 60 })("finds any one flipped bit", async (seed) => {
    const total = bytes.length * 8;
    const at = ((seed % total) + total) % total;
    const path = await changed((copy) => {
      copy[at >> 3] = (copy[at >> 3] ?? 0) ^ (1 << (at & 7));
      return copy;
    });

    const error = await failureOf(verifyBundle(path, { trust, signal }));

    expect(error.code).toMatch(/^BUNDLE_(DAMAGED|INVALID|TRUNCATED|SIGNATURE_INVALID|KEY_UNKNOWN)$/);
  });

  it("finds any one flipped bit in front of the blobs of an unsigned bundle", async () => {
    const head = unsignedBytes.indexOf("blobs/sha256/");
    const path = join(folder.path, "flipped-head.bundle.tar");
    await writeFile(path, unsignedBytes);
    const handle = await open(path, "r+");
    const missed: number[] = [];

    for (let at = 0; at < head; at += 1) {
      await handle.write(Buffer.from([(unsignedBytes[at] ?? 0) ^ (1 << (at % 8))]), 0, 1, at);
      const found = await openBundle(path, { signal }).then(
        async (bundle) => await bundle.close().then(() => false),
        (error: unknown) => isOperatorError(error),
      );
      if (!found) missed.push(at);
      await handle.write(Buffer.from([unsignedBytes[at] ?? 0]), 0, 1, at);
    }
    await handle.close();

    expect(missed).toEqual([]);
  });

  it("finds one flipped bit in every header, and in the first and last byte of all padding", async () => {
    const places: number[] = [];
    for (let at = 0; at < bytes.length - 1024; ) {
      const size = Number.parseInt(bytes.toString("latin1", at + 124, at + 135), 8);
      const end = at + 512 + size;
      const next = Math.ceil(end / 512) * 512;
      places.push(at, at + 124, at + 156, at + 345, at + 511);
      if (next > end) places.push(end, next - 1);
      at = next;
    }
    places.push(bytes.length - 1024, bytes.length - 1);
    const path = join(folder.path, "flipped.bundle.tar");
    await copyFile(file, path);
    const handle = await open(path, "r+");

    for (const place of places) {
      await handle.write(Buffer.from([(bytes[place] ?? 0) ^ 0x20]), 0, 1, place);
      const error = await failureOf(openBundle(path, { signal }));
      expect(error.code).toMatch(/^BUNDLE_(DAMAGED|INVALID|TRUNCATED)$/);
      await handle.write(Buffer.from([bytes[place] ?? 0]), 0, 1, place);
    }
    await handle.close();
    expect(places.length).toBeGreaterThan(80);
    await verifyBundle(path, { trust, signal });
  });

  it("names every damaged blob and what it belongs to", async () => {
    const pause = await withBundle(
      file,
      async (bundle) => await bundle.resolve({ repository: "pause", reference: "3.10" }),
    );
    const manifest = parseDigest(pause?.digest ?? "") ?? "";
    const path = await changed((copy) => {
      for (const digest of [small, large, manifest]) copy.fill(0x21, offsetOf(digest) + 3, offsetOf(digest) + 4);
      return copy;
    });

    const error = await failureOf(verifyBundle(path, { trust, signal }));

    expect(error.code).toBe("BUNDLE_DAMAGED");
    expect(new Set(error.problems.map(({ message }) => message))).toEqual(
      new Set([
        `${manifest} (registry.k8s.io/pause:3.10)`,
        // The layer is in the other image as well, whose manifest can no longer tell.
        `${small} (docker.io/library/registry:3)`,
        `${large} (docker.io/library/registry:3)`,
      ]),
    );
  });

  it("refuses a foreign key", async () => {
    const foreign = { keys: [{ file: "other.pub", pem: bundleKeys().publicPem }], allowUnsigned: true };

    expect((await failureOf(verifyBundle(file, { trust: foreign, signal }))).code).toBe("BUNDLE_KEY_UNKNOWN");
  });

  it("ends at once when its signal is aborted", async () => {
    const controller = new AbortController();
    controller.abort(new Error("enough"));

    await expect(verifyBundle(file, { trust, signal: controller.signal })).rejects.toThrow("enough");
  });
});

function entry(name: string, content: string): Buffer {
  const padded = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  padded.write(content, "latin1");
  return Buffer.concat([tarHeader(name, content.length), padded]);
}

/** Puts an entry before the trailer and makes the index state the new length, as someone who knows the format would. */
function insertAtEnd(copy: Buffer, added: Buffer): Buffer {
  const whole = Buffer.concat([copy.subarray(0, -1024), added, Buffer.alloc(1024)]);
  const at = whole.indexOf('"dev.skerry.blob-section-bytes":"') + 33;
  const end = whole.indexOf('"', at);
  const bytesNow = Number(whole.toString("latin1", at, end)) + added.length;
  whole.write(
    String(bytesNow)
      .padStart(end - at, "0")
      .slice(0, end - at),
    at,
    "latin1",
  );
  return whole;
}

function swapLastTwo(copy: Buffer): Buffer {
  const starts: number[] = [];
  for (let at = 0; at < copy.length - 1024; ) {
    starts.push(at);
    at += 512 + Math.ceil(Number.parseInt(copy.toString("latin1", at + 124, at + 135), 8) / 512) * 512;
  }
  const [a = 0, b = 0] = starts.slice(-2);
  const end = copy.length - 1024;
  return Buffer.concat([copy.subarray(0, a), copy.subarray(b, end), copy.subarray(a, b), copy.subarray(end)]);
}
