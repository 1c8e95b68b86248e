import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ContainedRack, containedRack, eventually } from "../support/contained-rack.ts";
import { type DemoSite, demoSite, onePlusOne, succeeded } from "../support/demo-site.ts";
import { isAt, runUntil, samplePoints, secretsOf } from "../support/killed-runs.ts";
import { notContainable } from "../support/lab/contained.ts";

/** Crash-only, on machines that are real inside: whatever ends a run or the power, the site comes to the same end. */
const lacking = await notContainable(2);
if (lacking !== undefined) console.warn(`\nSKIPPED: kills on a contained rack: ${lacking}\n`);

const signal = AbortSignal.timeout(800_000);
const nodes = ["cp-1", "w-1"] as const;
/** Any will do; this one has points in all parts of the journey. */
const SEED = 3;

let site: DemoSite;
let rack: ContainedRack;

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: {
      readonly phase: string;
      readonly containerStatuses?: readonly {
        readonly ready: boolean;
        readonly state: { readonly running?: { readonly startedAt: string } };
      }[];
    };
  }[];
}

/** Pods that do not run, or run since before that moment, and nodes that have not reported since. */
async function notBackSince(since: number): Promise<readonly string[]> {
  const answer = await rack.onLaptop(rack.kubectlFile, "get", "pods", "-A", "-o", "json", "--request-timeout=5s");
  const leases = await rack.onLaptop(
    ...[rack.kubectlFile, "-n", "kube-node-lease", "get", "leases", "-o", "json", "--request-timeout=5s"],
  );
  if (answer.code !== 0 || leases.code !== 0) return ["the API server"];
  const { items } = JSON.parse(answer.stdout) as PodList;
  const late = items.filter(({ status }) => {
    const all = status.containerStatuses ?? [];
    return !all.every(({ ready, state }) => ready && Date.parse(state.running?.startedAt ?? "") >= since);
  });
  const { items: renewals } = JSON.parse(leases.stdout) as {
    readonly items: readonly { readonly metadata: { readonly name: string }; readonly spec: { renewTime: string } }[];
  };
  const silent = renewals.filter(({ spec }) => Date.parse(spec.renewTime) < since);
  return [...late, ...silent].map(({ metadata }) => metadata.name);
}

describe.skipIf(lacking !== undefined)(`a contained rack, disturbed (${lacking ?? "all is there"})`, () => {
  beforeAll(async () => {
    site = await demoSite({ signal });
    rack = await containedRack(site, "killed", onePlusOne, { signal });
  });

  afterAll(async () => await site.remove());

  it("ends the same when up is killed in many phases and run again", async () => {
    const reached: string[] = [];
    const secrets = new Set<string>();
    for (const point of samplePoints(SEED, 9)) {
      const { result, stoppedAt } = await runUntil(site, rack, "kill", (event) => isAt(point, event));
      if (stoppedAt === undefined) succeeded(result);
      else reached.push(`${point.kind} ${stoppedAt.step}`);
      secrets.add(await secretsOf(rack));
    }
    console.log(`1+1 killed at ${reached.join(", ")}`);
    succeeded(await rack.up(["--json"]));
    secrets.add(await secretsOf(rack));
    secrets.delete("");

    const phases = new Set(reached.map((point) => /(?<= )[^/]+/.exec(point)?.[0]));
    expect(phases.size).toBeGreaterThanOrEqual(5);
    expect(secrets.size).toBe(1);
    await expectWhole();
    expect(JSON.parse(succeeded(await rack.up(["--json"])).stdout)).toMatchObject({ changed: 0, setAside: [] });
  });

  it("comes back by itself after all power was lost", async () => {
    await Promise.all(nodes.map(async (node) => await rack.command({ do: "power-off", node })));
    const since = Math.floor(Date.now() / 1000) * 1000;
    await Promise.all(nodes.map(async (node) => await rack.command({ do: "power-on", node })));

    await eventually(async () => await notBackSince(since), [], { explain });

    console.log(`1+1 runs again ${Math.round((Date.now() - since) / 1000)} s after power came back`);
    await expectWhole();
    // That a pod is Ready is told to kube-proxy, which then writes its rules: a Service answers a moment later.
    await eventually(isServed, true);
    expect(JSON.parse(succeeded(await rack.up(["--json"])).stdout)).toMatchObject({ changed: 0, setAside: [] });
  });
});

/** What the cluster says of pods that are not back. */
async function explain(late: readonly string[]): Promise<string> {
  const say = async (...args: readonly string[]) => (await rack.onLaptop(rack.kubectlFile, ...args)).stdout;
  const pods = await say("get", "pods,nodes", "-A", "-o", "wide");
  const events = await say("get", "events", "-A", "--sort-by=.lastTimestamp");
  const logs = await Promise.all(late.map((pod) => say("-n", "kube-system", "logs", pod, "--tail=20")));
  return [late.join(", "), pods, events.split("\n").slice(-40).join("\n"), ...logs].join("\n\n");
}

/** Whether a pod finds the Service of the workload by its name and gets an answer. */
async function isServed(): Promise<boolean> {
  const { code, stdout } = await rack.onLaptop(
    ...[rack.kubectlFile, "-n", "demo", "exec", "deployment/web", "--"],
    // Not with -T: the static busybox of Debian crashes with it.
    ...["wget", "-qO-", "http://web.demo.svc.cluster.local/hostname"],
  );
  return code === 0 && stdout.startsWith("web-");
}

async function expectWhole(): Promise<void> {
  expect(await rack.sight()).toEqual({
    nodes: nodes.map((name) => `${name} current`),
    etcd: ["cp-1"],
    workload: "current",
  });
}
