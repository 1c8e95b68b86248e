import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureParts, images } from "../../parts/index.ts";
import { connectCluster, readiness } from "../../src/kube/index.ts";
import {
  commandRack,
  listRacks,
  rehearsalTimings,
  type StartedRack,
  startRack,
  stopRack,
} from "../../src/lab/index.ts";
import { isAlive, readRecords } from "../../src/lab/process-record.ts";
import { type Laptop, startLaptop } from "../support/lab/rehearsal.ts";

const signal = AbortSignal.timeout(600_000);
const site = `apiVersion: skerry.dev/v1alpha1
kind: Site
name: one-and-one
talos: v1.13.9
kubernetes: v1.36.3
endpoint: 10.5.0.100
nodes:
  - {name: cp-1, role: controlplane, address: 10.5.0.2, disk: {path: /dev/sda}}
  - {name: w-1, role: worker, address: 10.5.0.3, disk: {path: /dev/sda}}
`;
const workload = "registry.k8s.io/e2e-test-images/agnhost:";

let stateDir = "";
let rack: StartedRack;
let laptop: Laptop;
let kubeconfigYaml = "";

/** Asks until the answer is right; the vitest limit ends it otherwise, with the last answer shown by the assertion. */
async function eventually<T>(ask: () => Promise<T>, isRight: (value: T) => boolean, limitMs = 120_000): Promise<T> {
  const until = Date.now() + limitMs;
  for (;;) {
    const value = await ask().catch((error: unknown) => {
      if (Date.now() > until) throw error;
      return undefined;
    });
    if ((value !== undefined && isRight(value)) || Date.now() > until) return value as T;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

const machines = async () => (await commandRack(rack.name, { do: "status" }, { stateDir, signal })).machines;
const recordsOf = () => readRecords(join(stateDir, "racks", rack.name, "processes.ndjson"));

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "skr-"));
  await writeFile(join(stateDir, "site.yaml"), site);
  rack = await startRack({
    siteFile: join(stateDir, "site.yaml"),
    stateDir,
    interior: "modelled",
    timings: { ...rehearsalTimings, installMs: 200, rebootMs: 100, bootMs: 100, drainMs: 200 },
    signal,
  });
  laptop = await startLaptop({ endpoint: rack.status.endpoint, signal });
});

afterAll(async () => {
  await laptop.close();
  if (listRacks(stateDir).length > 0) await stopRack(rack.name, { stateDir, signal });
  await rm(stateDir, { recursive: true, force: true });
});

describe("a rack of one control plane and one worker", () => {
  it("waits in maintenance on its own loopback addresses", async () => {
    expect(await machines()).toMatchObject([
      { name: "cp-1", stage: "maintenance", address: rack.status.endpoint.replace(/5$/, "10") },
      { name: "w-1", stage: "maintenance" },
    ]);
  });

  it("installs, reboots and waits for Bootstrap once configs are applied", async () => {
    for (const machine of rack.status.machines) {
      const client = laptop.maintenance(machine);
      await client.applyConfiguration({ config: laptop.config(machine), redact: (text) => text }, { signal });
      client.close();
    }

    const stages = await eventually(machines, (all) =>
      all.every((machine) => ["booting", "running"].includes(machine.stage)),
    );

    expect(stages.map((machine) => machine.nodeName)).toEqual(["cp-1", "w-1"]);
  });

  it("becomes a cluster of Ready nodes after Bootstrap", async () => {
    const [first] = rack.status.machines;
    if (first === undefined) throw new Error("no machine");
    const client = laptop.admin(first);
    await eventually(
      () => client.bootstrap({ signal }).then(() => true),
      (done) => done,
    );
    const since = performance.now();
    kubeconfigYaml = await client.kubeconfig({ signal });
    client.close();
    const cluster = connectCluster({ kubeconfigYaml });
    await eventually(
      () => cluster.readyz({ signal }),
      (answer) => answer.isReady,
    );
    const readyMs = performance.now() - since;

    const nodes = await eventually(
      async () => (await cluster.list({ apiVersion: "v1", kind: "Node" }, { signal })).items,
      (items) => items.length === 2 && items.every((node) => readiness(node).status === "current"),
    );

    console.log(
      `API ready ${Math.round(readyMs)} ms, nodes Ready ${Math.round(performance.now() - since)} ms after Bootstrap`,
    );
    expect(nodes.map((node) => [node.metadata.name, readiness(node).status])).toEqual([
      ["cp-1", "current"],
      ["w-1", "current"],
    ]);
    await cluster.close();
  });

  it("is seen by kubectl, and a Deployment becomes Available with an image from the mirror", async () => {
    const image = images.find(({ reference }) => reference.startsWith(workload))?.reference ?? "";
    const { kubectl } = await ensureParts({ only: ["kubectl"], signal });
    const file = join(stateDir, "kubeconfig");
    await writeFile(file, kubeconfigYaml, { mode: 0o600 });
    const run = async (...args: readonly string[]) =>
      (await promisify(execFile)(kubectl, ["--kubeconfig", file, ...args], { signal })).stdout;

    await run("create", "deployment", "web", `--image=${image}`, "--replicas=2");
    await run("wait", "--for=condition=Available", "deployment/web", "--timeout=60s");

    expect(await run("get", "nodes", "-o", "name")).toBe("node/cp-1\nnode/w-1\n");
    expect(laptop.requests.filter(({ status }) => status === 200).map((request) => request.image)).toContain(image);
    const worker = rack.status.machines[1]?.address;
    expect(laptop.requests.find((request) => request.image === image)?.client).toBe(worker);
  });

  it("leaves a pod waiting, with the reason, whose image is nowhere on the mirror", async () => {
    const cluster = connectCluster({ kubeconfigYaml });
    const metadata = { name: "lost", namespace: "default" };
    const containers = [{ name: "lost", image: "quay.io/nobody/nothing:1" }];
    await cluster.create({ apiVersion: "v1", kind: "Pod", metadata, spec: { containers } }, { signal });

    const pod = await eventually(
      async () =>
        JSON.stringify((await cluster.get({ apiVersion: "v1", kind: "Pod", ...metadata }, { signal }))["status"]),
      (status) => status.includes("ImagePullBackOff"),
    );

    expect(pod).toContain("quay.io/nobody/nothing:1: not found");
    await cluster.close();
  });

  it("runs again after a power cut, with what was on its disks", async () => {
    await commandRack(rack.name, { do: "power-off", node: "cp-1" }, { stateDir, signal });
    expect(
      recordsOf()
        .filter(isAlive)
        .map((record) => record.what),
    ).toEqual(["supervisor"]);

    await commandRack(rack.name, { do: "power-on", node: "cp-1" }, { stateDir, signal });

    const cluster = connectCluster({ kubeconfigYaml });
    const found = await eventually(
      () => cluster.get({ apiVersion: "apps/v1", kind: "Deployment", namespace: "default", name: "web" }, { signal }),
      () => true,
    );
    expect(found.metadata.name).toBe("web");
    await cluster.close();
  });

  it("leaves nothing behind when it goes down after its supervisor was killed", async () => {
    const before = recordsOf().filter(isAlive);
    process.kill(rack.status.pid, "SIGKILL");
    await eventually(
      () => Promise.resolve(listRacks(stateDir)),
      ([listed]) => listed?.running === false,
    );
    expect(before.filter(isAlive).length).toBeGreaterThan(0);

    await stopRack(rack.name, { stateDir, signal });

    expect(before.map((record) => record.what)).toContain("etcd of cp-1");
    expect(before.filter(isAlive)).toEqual([]);
    expect(listRacks(stateDir)).toEqual([]);
    await expect(readFile(join(stateDir, "racks", rack.name, "rack.json"))).rejects.toThrow("ENOENT");
  });
});
