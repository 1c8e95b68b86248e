import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lookAtCluster } from "../support/cluster-sight.ts";
import { type DemoRack, type DemoSite, demoSite, onePlusOne, succeeded } from "../support/demo-site.ts";
import { isAt, runUntil, samplePoints, secretsOf } from "../support/killed-runs.ts";

/** Crash-only: whatever ends a run, the same command goes on, and ends in the same state. */
const signal = AbortSignal.timeout(800_000);

let site: DemoSite;
let killed: DemoRack;
let interrupted: DemoRack;
let sampled: DemoRack;

beforeAll(async () => {
  site = await demoSite({ signal });
  // A worker that installs for half a minute: runs that begin meanwhile find it on its way.
  killed = await site.rack("killed", onePlusOne, ["--fault", "slow-disk=w-1:16"]);
  interrupted = await site.rack("stopped", onePlusOne);
  sampled = await site.rack("sampled", "large-site.yaml");
});

afterAll(async () => await site.remove());

/** Every step of 1+1 that changes something; which waits there are beside them depends on how fast the machines are. */
const changes = [
  "keys/secrets",
  "apply/cp-1",
  "apply/w-1",
  "bootstrap-etcd/cp-1",
  "kubeconfig/kubeconfig",
  "kubeconfig/talosconfig",
  "packages-before-ready/rack-cni",
  "packages-after-ready/demo",
];

/** All is as a run that nobody disturbed leaves it, and one more run has nothing to do. */
async function expectWhole(rack: DemoRack, names: readonly string[], etcd: string): Promise<void> {
  const sight = await lookAtCluster(rack, { signal });
  expect(sight).toEqual({ nodes: names.map((name) => `${name} current`), etcd: [etcd], workload: "current" });

  const last = succeeded(await site.skerry(["up", "--rack", rack.name, "--yes", "--json"]));
  expect(JSON.parse(last.stdout)).toMatchObject({ changed: 0, setAside: [] });
}

describe.concurrent("skerry up, stopped and run again", () => {
  it("ends the same when it is killed after every step of 1+1", async () => {
    const points: string[] = [];
    const secrets = new Set<string>();
    for (let run = 1; ; run += 1) {
      expect(run, "it never comes to its end").toBeLessThan(40);
      const { result, stoppedAt } = await runUntil(
        site,
        killed,
        "kill",
        ({ kind, step = "" }) => kind === "step.succeeded" && !points.includes(step),
        // One step at a time, so that each is the last one done once.
        "--concurrency",
        "1",
      );
      secrets.add(await secretsOf(killed));
      if (stoppedAt === undefined) {
        succeeded(result);
        break;
      }
      // 0: the last step was the end of the run as well, and the signal came too late.
      expect([137, 0], result.stderr).toContain(result.code);
      points.push(stoppedAt.step ?? "");
    }
    console.log(`1+1 killed after ${points.length} steps: ${points.join(", ")}`);

    expect(points[0]).toBe("keys/secrets");
    expect(changes.filter((step) => !points.includes(step))).toEqual([]);
    expect(points).toContain("install/w-1");
    expect(secrets.size).toBe(1);
    await expectWhole(killed, ["cp-1", "w-1"], "cp-1");
  });

  it("ends with 130 at Ctrl-C in each phase of 1+1, says what it stops, and goes on", async () => {
    const phases: string[] = [];
    const secrets = new Set<string>();
    for (let index = 0; index === 0 || index < phases.length; index += 1) {
      const { result, stoppedAt } = await runUntil(site, interrupted, "interrupt", (event) => {
        if (event.kind === "run.started" && phases.length === 0)
          phases.push(...(event.phases ?? []).map(({ id }) => id));
        return event.kind === "phase.started" && event.phase === phases[index];
      });

      expect({ phase: stoppedAt?.phase, code: result.code }, result.stderr).toEqual({
        phase: phases[index],
        code: 130,
      });
      expect(result.stderr).toContain("Stopping");
      expect(result.stderr).toContain("INTERRUPTED");
      if (index > 1) secrets.add(await secretsOf(interrupted));
    }
    console.log(`1+1 interrupted in ${phases.length} phases: ${phases.join(", ")}`);

    succeeded(await site.skerry(["up", "--rack", interrupted.name, "--yes", "--json"]));
    secrets.add(await secretsOf(interrupted));
    expect(phases.length).toBeGreaterThan(12);
    expect(secrets.size).toBe(1);
    await expectWhole(interrupted, ["cp-1", "w-1"], "cp-1");
  });

  it("ends the same when 3+2 is killed at a seeded sample of steps", async () => {
    const points = samplePoints(7, 6);
    const reached: string[] = [];
    const secrets = new Set<string>();
    for (const point of points) {
      const { stoppedAt } = await runUntil(site, sampled, "kill", (event) => isAt(point, event));
      if (stoppedAt !== undefined) reached.push(`${point.kind} ${stoppedAt.step}`);
      secrets.add(await secretsOf(sampled));
    }
    console.log(`3+2 killed at ${reached.length} of ${points.length} points: ${reached.join(", ")}`);

    succeeded(await site.skerry(["up", "--rack", sampled.name, "--yes", "--json"]));
    expect(reached.length).toBeGreaterThan(3);
    expect(secrets).toEqual(new Set([await secretsOf(sampled)]));
    await expectWhole(sampled, ["cp-1", "cp-2", "cp-3", "w-1", "w-2"], "cp-1 cp-2 cp-3");
  });
});
