import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { jsonLines } from "../../../src/kube/api/json-lines.ts";

async function* pieces(bytes: Uint8Array, cuts: readonly number[]) {
  let from = 0;
  for (const cut of [...cuts, bytes.length].map((at) => Math.min(at, bytes.length)).sort((a, b) => a - b)) {
    yield bytes.subarray(from, cut);
    from = cut;
  }
}
async function all(source: AsyncIterable<unknown>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const value of source) found.push(value);
  return found;
}

describe("jsonLines()", () => {
  test.prop([fc.array(fc.record({ text: fc.string({ unit: "binary" }) })), fc.array(fc.nat(200))])(
    "reads what was written, wherever the network cuts",
    async (values, cuts) => {
      const bytes = Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(""));

      expect(await all(jsonLines(pieces(bytes, cuts)))).toEqual(values);
    },
  );

  it("leaves out a last line that was cut off", async () => {
    expect(await all(jsonLines(pieces(Buffer.from('{"a":1}\n{"b"'), [])))).toEqual([{ a: 1 }]);
  });

  it("refuses a line without end", async () => {
    async function* endless() {
      for (;;) yield Buffer.alloc(1 << 20, 97);
    }

    await expect(all(jsonLines(endless()))).rejects.toThrow(RangeError);
  });
});
