import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blocksOf, unseen } from "../support/tutorial.ts";
import { startReader, type TutorialReader } from "../support/tutorial-reader.ts";

const blocks = blocksOf(readFileSync("docs/tutorials/package-your-application.md", "utf8"));
const signal = AbortSignal.timeout(500_000);

let reader: TutorialReader;

beforeAll(async () => {
  reader = await startReader("hello", { signal });
});

afterAll(async () => await reader.leaves());

describe("docs/tutorials/package-your-application.md", () => {
  it("has blocks to type and shows what one sees", () => {
    expect(blocks.length).toBeGreaterThan(10);
    expect(blocks.flatMap((block) => block.sights).length).toBeGreaterThan(25);
  });

  it.each(blocks.map((block) => [block.script.split(/\s{2,}#|\n/)[0], block] as const))(
    "types %s …",
    async (_first, block) => {
      const output = await reader.types(block.script);

      expect(unseen(block.sights, output), output).toEqual([]);
    },
  );
});
