import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { notContainable } from "../support/lab/contained.ts";
import { rackProcesses, stillAlive } from "../support/rack-processes.ts";
import { blocksOf, unseen } from "../support/tutorial.ts";
import { startReader, type TutorialReader } from "../support/tutorial-reader.ts";

/** The page is typed as it stands where this computer can contain three machines. */
const lacking = await notContainable(3);
if (lacking !== undefined) console.warn(`\nSKIPPED: the tutorial with real containers: ${lacking}\n`);

const blocks = blocksOf(readFileSync("docs/tutorials/a-rack-with-real-containers.md", "utf8"));
const rack = "real";
const signal = AbortSignal.timeout(800_000);

let reader: TutorialReader;
const started: ReturnType<typeof rackProcesses>[number][] = [];

describe.skipIf(lacking !== undefined)(
  `docs/tutorials/a-rack-with-real-containers.md (${lacking ?? "all is there"})`,
  () => {
    beforeAll(async () => {
      reader = await startReader(rack, { signal });
    });

    afterAll(async () => await reader.leaves());

    it("has blocks to type and shows what one sees", () => {
      expect(blocks.length).toBeGreaterThan(8);
      expect(blocks.flatMap((block) => block.sights).length).toBeGreaterThan(20);
    });

    it.each(blocks.map((block) => [block.script.split(/\s{2,}#|\n/)[0], block] as const))(
      "types %s …",
      async (_first, block) => {
        if (block.script.includes("lab down")) started.push(...rackProcesses(reader.stateHome, rack));

        const output = await reader.types(block.script);

        expect(unseen(block.sights, output), output).toEqual([]);
      },
    );

    it("has left nothing behind", () => {
      expect(started.length).toBeGreaterThan(0);
      expect(stillAlive(started)).toEqual([]);
      expect(existsSync(join(reader.stateHome, "skerry", "racks", rack))).toBe(false);
    });
  },
);
