import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ContainedRack, containedRack, eventually } from "../support/contained-rack.ts";
import { type DemoSite, demoSite, succeeded } from "../support/demo-site.ts";
import { notContainable } from "../support/lab/contained.ts";

/** Three control planes behind a virtual IP and two workers, all real inside. */
const names = ["cp-1", "cp-2", "cp-3", "w-1", "w-2"];
const lacking = await notContainable(names.length);
if (lacking !== undefined) console.warn(`\nSKIPPED: up on a large contained rack: ${lacking}\n`);

const signal = AbortSignal.timeout(800_000);

let site: DemoSite;
let rack: ContainedRack;

describe.skipIf(lacking !== undefined)(`skerry up with 3+2 contained machines (${lacking ?? "all is there"})`, () => {
  beforeAll(async () => {
    site = await demoSite({ signal });
    rack = await containedRack(site, "large", "large-site.yaml", { signal });
  });

  afterAll(async () => await site.remove());

  it("ends with all nodes Ready, one etcd of three, and pods on every worker", async () => {
    const since = performance.now();
    succeeded(await rack.up());
    const { machines } = await rack.command({ do: "status" });
    const memory = machines.map(({ name, memoryBytes = 0 }) => `${name} ${Math.round(memoryBytes / 2 ** 20)}`);
    console.log(`up of 3+2: ${Math.round((performance.now() - since) / 1000)} s; MiB: ${memory.join(", ")}`);

    expect(await rack.sight()).toEqual({
      nodes: names.map((name) => `${name} current`),
      etcd: ["cp-1 cp-2 cp-3"],
      workload: "current",
    });
    // Where the scheduler put the workload among them is its own affair: a node that became Ready last may still be tainted.
    const running = ["get", "pods", "-A", "--field-selector=status.phase=Running"];
    const all = await rack.kubectl(...running, "-o", "jsonpath={.items[*].spec.nodeName}");
    const ofDemo = await rack.kubectl("-n", "demo", "get", "pods", "-o", "jsonpath={.items[*].spec.nodeName}");
    expect(new Set(all.split(" "))).toEqual(new Set(names));
    expect(ofDemo.split(" ")).toHaveLength(3);
    expect(ofDemo.split(" ").filter((name) => !["w-1", "w-2"].includes(name))).toEqual([]);
  });

  it("answers at its endpoint also after the control plane that has it lost power", async () => {
    const server = await rack.kubectl("config", "view", "-o", "jsonpath={.clusters[0].cluster.server}");
    const { virtualIpOn: first = "nobody" } = await rack.command({ do: "status" });
    expect(server).toBe("https://10.5.0.100:6443");
    expect(names.slice(0, 3)).toContain(first);

    const since = performance.now();
    await rack.command({ do: "power-off", node: first });
    const readyz = async () => {
      const { code, stdout } = await rack.onLaptop(rack.kubectlFile, "get", "--raw", "/readyz", "--request-timeout=3s");
      return code === 0 ? stdout : "";
    };
    await eventually(readyz, "ok");

    console.log(`the endpoint answers ${Math.round((performance.now() - since) / 1000)} s after ${first} lost power`);
    const { virtualIpOn: second = "nobody" } = await rack.command({ do: "status" });
    expect(names.slice(0, 3).filter((name) => name !== first)).toContain(second);
    // Etcd takes a write with two of three.
    await rack.kubectl("create", "configmap", "written", "--from-literal=by=two");
    const said = await rack.kubectl(
      ...["-n", "demo", "exec", "deployment/web", "--", "wget", "-qO-", "http://web.demo.svc.cluster.local/hostname"],
    );
    expect(said).toMatch(/^web-/);
  });
});
