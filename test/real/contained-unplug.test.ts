import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ContainedRack, containedRack, eventually } from "../support/contained-rack.ts";
import { type DemoSite, demoSite, onePlusOne, succeeded } from "../support/demo-site.ts";
import { notContainable } from "../support/lab/contained.ts";

/** The laptop's cable is pulled: `up` waits for it, and what it has brought up does without. */
const lacking = await notContainable(2);
if (lacking !== undefined) console.warn(`\nSKIPPED: unplugging the laptop of a contained rack: ${lacking}\n`);

const signal = AbortSignal.timeout(800_000);

let site: DemoSite;
let rack: ContainedRack;

/** kubectl on the control plane: the laptop reaches nobody. */
async function kubectlThere(...args: readonly string[]): Promise<string> {
  const { pid } = await rack.command({ do: "status" });
  const kubeconfig = join(rack.stateFolder, "kubeconfig");
  const { stdout } = await promisify(execFile)(
    "nsenter",
    [`--net=/proc/${pid}/root/run/netns/cp-1`, "--", rack.kubectlFile, "--kubeconfig", kubeconfig, ...args],
    { signal },
  );
  return stdout.trim();
}

const unplug = async () => await rack.command({ do: "inject", fault: { kind: "unplug", node: "laptop" } });
const plug = async () => await rack.command({ do: "clear", kind: "unplug" });
const podNames = async () =>
  (await kubectlThere("-n", "demo", "get", "pods", "-o", "jsonpath={.items[*].metadata.name}")).split(" ").sort();

describe.skipIf(lacking !== undefined)(`a contained rack without its laptop (${lacking ?? "all is there"})`, () => {
  beforeAll(async () => {
    site = await demoSite({ signal });
    rack = await containedRack(site, "alone", onePlusOne, { signal });
  });

  afterAll(async () => await site.remove());

  it("lets up wait, with the reason, and go on once the laptop is plugged in again in the middle of pulls", async () => {
    // A large layer takes ten round trips and more, so that it is on its way when a small one, asked for at the same time, is in the log.
    await rack.command({ do: "inject", fault: { kind: "delay", node: "laptop", milliseconds: 100 } });
    const reasons: string[] = [];
    const waiting = Promise.withResolvers<void>();
    let isUnplugged = false;
    const running = rack.up(["--events"], {
      // A step that tries again tells it as progress, a wait as its reason: which of them is under way, the machine's speed decides.
      onEvent: ({ kind, reason, text = "" }) => {
        if (!isUnplugged || !["condition.waiting", "step.progress"].includes(kind)) return undefined;
        const said = reason ?? text;
        reasons.push(said);
        if (said.includes("10.5.0.")) waiting.resolve();
        return undefined;
      },
    });
    const kubeletPulls = async () => {
      const log = await rack.mirrorLog().catch(() => []);
      return log.some(({ kind, repository }) => kind === "blob" && repository === "ghcr.io/siderolabs/kubelet");
    };
    await eventually(kubeletPulls, true, { everyMs: 10 });

    await unplug();
    const unpluggedAt = Date.now();
    isUnplugged = true;
    await Promise.race([waiting.promise, running]);
    const pluggedAt = Date.now();
    await rack.command({ do: "clear" });

    console.log(`told while unplugged: ${reasons.join(" | ")}`);
    succeeded(await running);
    expect(reasons.join("\n")).toMatch(/10\.5\.0\.[23]/);
    const blobs = (await rack.mirrorLog()).filter(({ kind }) => kind === "blob");
    const later = blobs.filter(({ time }) => Date.parse(time) > pluggedAt);
    // How many were under way at that moment is the machine's speed; that there were pulls on both sides of it is the point.
    const interrupted = later.filter(({ time, ms }) => Date.parse(time) - ms < unpluggedAt);
    console.log(`blobs: ${blobs.length - later.length} before, ${later.length} after, ${interrupted.length} across`);
    expect(later.length).toBeGreaterThan(0);
    expect(blobs.length).toBeGreaterThan(later.length);
    expect(await rack.sight()).toEqual({
      nodes: ["cp-1 current", "w-1 current"],
      etcd: ["cp-1"],
      workload: "current",
    });
    expect(JSON.parse(succeeded(await rack.up(["--json"])).stdout)).toMatchObject({ changed: 0, setAside: [] });
  });

  it("lets pods run on, and start again from images that their node has", async () => {
    await unplug();
    try {
      const before = await podNames();
      expect(await rack.onLaptop(rack.kubectlFile, "get", "nodes", "--request-timeout=2s")).toMatchObject({ code: 1 });

      await kubectlThere("-n", "demo", "delete", "pod", before[0] ?? "", "--now");
      await kubectlThere("-n", "demo", "rollout", "status", "deployment/web", "--timeout=120s");

      const after = await podNames();
      expect(after).toHaveLength(2);
      expect(after).not.toContain(before[0]);
      const [fresh = ""] = after.filter((name) => !before.includes(name));
      const said = await kubectlThere(
        ...["-n", "demo", "exec", fresh, "--", "wget", "-qO-", "http://web.demo.svc.cluster.local/hostname"],
      );
      expect(after).toContain(said);
      const events = await kubectlThere(
        ...["-n", "demo", "get", "events", "--field-selector", `involvedObject.name=${fresh}`],
        ...["-o", "jsonpath={.items[*].message}"],
      );
      expect(events).toContain("already present on machine");
    } finally {
      await plug();
    }

    const isBack = async () => (await rack.onLaptop(rack.kubectlFile, "get", "nodes", "--request-timeout=5s")).code;
    await eventually(isBack, 0);
  });
});
