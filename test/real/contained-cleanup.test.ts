import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGroup, newRackId, rackGroup, removeRackGroups } from "../../src/lab/contained/node/cgroups.ts";
import { readRecords } from "../../src/lab/process-record.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { type DemoSite, demoSite, succeeded } from "../support/demo-site.ts";
import { type ComputerListing, listComputer } from "../support/lab/computer-listing.ts";
import { notContainable } from "../support/lab/contained.ts";
import { skerry, startSkerry } from "../support/skerry.ts";

/** However a contained rack ends, nothing of it stays: the whole computer is listed before and after. */
const lacking = await notContainable(2);
if (lacking !== undefined) console.warn(`\nSKIPPED: the clean-up of contained racks: ${lacking}\n`);

const signal = AbortSignal.timeout(800_000);
const text = `apiVersion: skerry.dev/v1alpha1
kind: Site
name: two
talos: v1.13.9
kubernetes: v1.36.3
endpoint: 10.5.0.2
cni: none
nodes:
  - {name: cp-1, role: controlplane, address: 10.5.0.2, disk: {path: /dev/sda}}
  - {name: w-1, role: worker, address: 10.5.0.3, disk: {path: /dev/sda}}
trust: {keys: [demo.pub]}
`;

let demo: DemoSite;
let before: ComputerListing;

const racks = () => join(demo.stateDir, "skerry", "racks");
const now = () => listComputer(racks());
const rackFile = (name: string, file: string) => join(racks(), name, file);
/** The rack's `unshare`: the process that all of it hangs on. */
const outerOf = (name: string) => {
  const [record] = readRecords(rackFile(name, "processes.ndjson"));
  if (record === undefined) throw new Error(`rack ${name} has no process on record`);
  return record.pid;
};
const childOf = async (pid: number) => Number(await readFile(`/proc/${pid}/task/${pid}/children`, "utf8"));

/** Ends when it holds, or fails with what it was at last. */
async function eventually<T>(look: () => T, expected: T, limitMs = 15_000): Promise<void> {
  const until = Date.now() + limitMs;
  while (JSON.stringify(look()) !== JSON.stringify(expected) && Date.now() < until) await sleep(50);
  expect(look()).toEqual(expected);
}

/** All but the control groups, which only `lab down` can remove. */
const withoutGroups = ({ groups: _, ...rest }: ComputerListing) => rest;

/** A rack whose machines run containerd, the kubelet and etcd. */
async function busyRack(name: string): Promise<void> {
  await demo.rack(name, text, ["--interior", "contained"]);
  succeeded(await demo.skerry(["up", "--rack", name, "--yes", "--until", "bootstrap-etcd"]));
  expect(now().groups.length).toBeGreaterThan(before.groups.length);
}

const down = async (name: string) => succeeded(await demo.skerry(["lab", "down", name]));

describe.skipIf(lacking !== undefined)(`the end of a contained rack (${lacking ?? "all is there"})`, () => {
  beforeAll(async () => {
    demo = await demoSite({ signal });
    before = now();
  });

  afterAll(async () => {
    await demo.remove();
  });

  it("leaves the computer as it was after lab down", async () => {
    await busyRack("plain");

    await down("plain");

    await eventually(now, before);
    expect(existsSync(join(racks(), "plain"))).toBe(false);
  });

  it("takes everything with it when its supervisor is killed", async () => {
    await busyRack("a");

    process.kill(await childOf(outerOf("a")), "SIGKILL");

    await eventually(() => withoutGroups(now()), withoutGroups(before));
    await down("a");
    await eventually(now, before);
  });

  it("takes everything with it when the process that holds its namespaces is killed", async () => {
    await busyRack("b");

    process.kill(outerOf("b"), "SIGKILL");

    await eventually(() => withoutGroups(now()), withoutGroups(before));
    succeeded(await demo.skerry(["lab", "down", "--all"]));
    await eventually(now, before);
  });

  it.each(["supervisor", "process that holds its namespaces"])("comes when the %s is asked to end", async (which) => {
    await demo.rack("c", text, ["--interior", "contained"]);
    const outer = outerOf("c");

    process.kill(which === "supervisor" ? await childOf(outer) : outer, "SIGTERM");

    await eventually(() => withoutGroups(now()), withoutGroups(before));
    await down("c");
    await eventually(now, before);
  });

  it("comes though its supervisor hangs, and though somebody works on its laptop", async () => {
    await demo.rack("h", text, ["--interior", "contained"]);
    const working = startSkerry(["lab", "exec", "h", "--", "sleep", "600"], {
      cwd: demo.folder,
      stateDir: demo.stateDir,
    });
    const ended = once(working, "exit");
    await eventually(() => now().processes.includes("sleep 600"), true);
    process.kill(await childOf(outerOf("h")), "SIGSTOP");

    await down("h");

    await eventually(now, before);
    expect(await ended).toEqual([null, "SIGTERM"]);
  });

  it.each(["rack.json", "supervisor.log", "processes.ndjson", "control.sock"])(
    "comes when lab up is killed once there is %s",
    async (file) => {
      const site = join(demo.folder, "k.yaml");
      await writeFile(site, text);
      const starting = startSkerry(["lab", "up", "k", "--site", site, "--interior", "contained"], {
        cwd: demo.folder,
        stateDir: demo.stateDir,
      });
      const ended = once(starting, "exit");
      while (!existsSync(rackFile("k", file)) && starting.exitCode === null) await sleep(1);
      starting.kill("SIGKILL");
      await ended;

      succeeded(await demo.skerry(["lab", "down", "--all"]));

      await eventually(now, before);
      expect(existsSync(join(racks(), "k"))).toBe(false);
      expect(succeeded(await demo.skerry(["lab", "down", "--all"])).stdout).toBe("There was nothing to remove.");
    },
  );

  it("finds a rack whose folder is gone, by its marks, and leaves those of other state folders alone", async () => {
    const other = await mkdtemp(join(tmpdir(), "skr-"));
    const elsewhere = { cwd: demo.folder, stateDir: other };
    await mkdir(other, { recursive: true });
    await busyRack("lost");
    await writeFile(join(demo.folder, "o.yaml"), text);
    succeeded(await skerry(["lab", "up", "o", "--site", "o.yaml", "--interior", "contained"], elsewhere));
    await rm(join(racks(), "lost"), { recursive: true, force: true });
    const young = newRackId();
    createGroup(rackGroup(young));

    const said = succeeded(await demo.skerry(["lab", "down", "--all"])).stdout;

    expect(said).toMatch(/Processes of racks that were gone: \d+ ended/);
    expect(said).toMatch(/Control groups of racks that were gone: \d+ removed/);
    await eventually(() => now().processes, []);
    expect(now().groups.filter((group) => group.includes(young))).not.toEqual([]);
    expect(succeeded(await skerry(["nodes", "list", "--rack", "o"], elsewhere)).stdout).toContain("maintenance");
    succeeded(await skerry(["lab", "down", "o"], elsewhere));
    await removeRackGroups(young, { clock: systemClock, signal });
    await rm(other, { recursive: true, force: true });
    await eventually(now, before);
  });
});
