import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectCluster } from "../../src/kube/index.ts";
import { rackProcesses, stillAlive } from "../support/rack-processes.ts";
import { type ShellSession, startShell } from "../support/shell-session.ts";
import { MODELLED, skerry } from "../support/skerry.ts";
import { blocksOf, unseen } from "../support/tutorial.ts";

const blocks = blocksOf(readFileSync("docs/tutorials/a-rack-in-ten-minutes.md", "utf8"));
const rack = "rehearsal";
const signal = AbortSignal.timeout(500_000);

let home = "";
let shell: ShellSession;
const started: ReturnType<typeof rackProcesses>[number][] = [];

/** The reader's home and state are a folder of the test; the cache is everybody's, so that nothing is built again. */
beforeAll(async () => {
  // What the page's first line would do here is done: it must not replace node_modules under a running test.
  const setUp = await readFile("node_modules/.skerry-lock", "utf8").catch(() => "");
  expect(setUp, "run `sh parts/setup.sh` first").not.toBe("");
  home = await mkdtemp(join(tmpdir(), "skr-"));
  await mkdir(join(home, "state"));
  shell = startShell({
    cwd: process.cwd(),
    env: {
      ...process.env,
      HOME: home,
      XDG_STATE_HOME: join(home, "state"),
      XDG_CACHE_HOME: process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
      NO_COLOR: "1",
      ...MODELLED,
    },
  });
});

afterAll(async () => {
  await shell.end();
  const stateDir = join(home, "state");
  if (rackProcesses(stateDir, rack).length > 0) await skerry(["lab", "down", rack], { cwd: home, stateDir, signal });
  await rm(home, { recursive: true, force: true });
});

async function mirroredImages(): Promise<ReadonlySet<string | undefined>> {
  const log = await readFile(join(home, "state", "skerry", "racks", rack, "state", "mirror.log"), "utf8");
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
      const output = await shell.run(block.script);

      expect(unseen(block.sights, output), output).toEqual([]);
      if (block.script.includes("kubectl get pods")) await everyImageCameThroughTheMirror();
      if (block.script.includes("lab down")) expect(stillAlive(started)).toEqual([]);
    },
  );

  it("has left nothing behind", async () => {
    expect(started.map((record) => record.what)).toContain("etcd of cp-1");
    await expect(readFile(join(home, "state", "skerry", "racks", rack, "rack.json"))).rejects.toThrow("ENOENT");
  });
});

/** While the cluster of the page runs: what its pods were started from is in the mirror's log, each image. */
async function everyImageCameThroughTheMirror(): Promise<void> {
  started.push(...rackProcesses(join(home, "state"), rack));
  const kubeconfigYaml = await readFile(join(home, "state", "skerry", "racks", rack, "state", "kubeconfig"), "utf8");
  const cluster = connectCluster({ kubeconfigYaml });
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
