import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { type ContentMismatch, describeMismatch, digestOf, verifyStream } from "../../../../src/oci/index.ts";

class Mismatch extends Error {
  readonly found: ContentMismatch;
  constructor(found: ContentMismatch) {
    super(describeMismatch(found));
    this.found = found;
  }
}

/** A source that tells how much of it was taken and whether it was let go. */
function sourceOf(chunks: readonly Uint8Array[]) {
  const seen = { taken: 0, isDone: false };
  async function* generate() {
    try {
      for (const chunk of chunks) {
        seen.taken += 1;
        yield await Promise.resolve(chunk);
      }
    } finally {
      seen.isDone = true;
    }
  }
  return { seen, stream: generate() };
}

async function pass(chunks: readonly Uint8Array[], expected: { digest: ReturnType<typeof digestOf>; size: number }) {
  const { seen, stream } = sourceOf(chunks);
  const out: Uint8Array[] = [];
  try {
    for await (const chunk of verifyStream(stream, expected, { mismatch: (found) => new Mismatch(found) }))
      out.push(chunk);
    return { bytes: Buffer.concat(out), seen };
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    return { bytes: Buffer.concat(out), seen, found: error.found };
  }
}

const text = (value: string) => Buffer.from(value);

describe("verifyStream()", () => {
  test.prop([fc.array(fc.uint8Array({ maxLength: 50 }))])(
    "passes right content on unchanged, however it is cut",
    async (chunks) => {
      const whole = Buffer.concat(chunks);

      const { bytes, found } = await pass(chunks, { digest: digestOf(whole), size: whole.length });

      expect(found).toBeUndefined();
      expect(bytes.equals(whole)).toBe(true);
    },
  );

  it("keeps back the last chunk of wrong content", async () => {
    const { bytes, found } = await pass([text("abc"), text("deX")], { digest: digestOf("abcdef"), size: 6 });

    expect(found).toMatchObject({ kind: "other-digest", foundDigest: digestOf("abcdeX") });
    expect(bytes.toString()).toBe("abc");
  });

  it("stops an endless source at the first chunk too many", async () => {
    const chunks = Array.from({ length: 1000 }, () => text("xxxx"));

    const { found, seen } = await pass(chunks, { digest: digestOf("xxxxxx"), size: 6 });

    expect(found?.kind).toBe("too-long");
    expect(seen).toEqual({ taken: 2, isDone: true });
  });

  it("says how much was missing", async () => {
    expect((await pass([text("abc")], { digest: digestOf("abcd"), size: 4 })).found).toMatchObject({
      kind: "too-short",
      foundBytes: 3,
      sizeBytes: 4,
    });
  });

  it("verifies that nothing is the right nothing", async () => {
    expect((await pass([], { digest: digestOf("a"), size: 0 })).found?.kind).toBe("other-digest");
    expect((await pass([], { digest: digestOf(""), size: 0 })).found).toBeUndefined();
  });
});
