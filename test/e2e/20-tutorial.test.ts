import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectCluster } from "../../src/kube/index.ts";
import { rackProcesses, stillAlive } from "../support/rack-processes.ts";
import { blocksOf, unseen } from "../support/tutorial.ts";
import { startReader, type TutorialReader } from "../support/tutorial-reader.ts";

const blocks = blocksOf(readFileSync("docs/tutorials/a-rack-in-ten-minutes.md", "utf8"));
const rack = "rehearsal";
const signal = AbortSignal.timeout(500_000);

let reader: TutorialReader;
const started: ReturnType<typeof rackProcesses>[number][] = [];

beforeAll(async () => {
  reader = await startReader(rack, { signal });
});

afterAll(async () => await reader.leaves());

const ofRack = (...path: readonly string[]) => join(reader.stateHome, "skerry", "racks", rack, ...path);

async function mirroredImages(): Promise<ReadonlySet<string | undefined>> {
  const log = await readFile(ofRack("state", "mirror.log"), "utf8");
  const requests = log.trimEnd().split("\n");
  return new Set(
    requests.flatMap((line) => {
      const { image, status } = JSON.parse(line) as { readonly image?: string; readonly status: number };
      return status === 200 && image !== undefined ? [image] : [];
    }),
  );
}

describe("docs/tutorials/a-rack-in-ten-minutes.md", () => {
  it("has blocks to type and shows what one sees", () => {
    expect(blocks.length).toBeGreaterThan(8);
    expect(blocks.flatMap((block) => block.sights).length).toBeGreaterThan(30);
  });

  it.each(blocks.map((block) => [block.script.split(/\s{2,}#|\n/)[0], block] as const))(
    "types %s …",
    async (_first, block) => {
      const output = await reader.types(block.script);

      expect(unseen(block.sights, output), output).toEqual([]);
      if (block.script.includes("kubectl get pods")) await everyImageCameThroughTheMirror();
      if (block.script.includes("lab down")) expect(stillAlive(started)).toEqual([]);
    },
  );

  it("has left nothing behind", async () => {
    expect(started.map((record) => record.what)).toContain("etcd of cp-1");
    await expect(readFile(ofRack("rack.json"))).rejects.toThrow("ENOENT");
  });
});

/** While the cluster of the page runs: what its pods were started from is in the mirror's log, each image. */
async function everyImageCameThroughTheMirror(): Promise<void> {
  started.push(...rackProcesses(reader.stateHome, rack));
  const cluster = connectCluster({ kubeconfigYaml: await readFile(ofRack("state", "kubeconfig"), "utf8") });
  const { items } = await cluster.list({ apiVersion: "v1", kind: "Pod" }, { signal });
  await cluster.close();

  const images = items.flatMap((pod) => {
    const { containers } = pod["spec"] as { readonly containers: readonly { readonly image: string }[] };
    return containers.map((container) => container.image);
  });
  const mirrored = await mirroredImages();

  expect(images.length).toBeGreaterThan(10);
  expect(images.filter((image) => !mirrored.has(image))).toEqual([]);
  for (const image of ["etcd", "pause", "kubelet"]) {
    expect([...mirrored].some((name) => name?.includes(`/${image}:`))).toBe(true);
  }
}
