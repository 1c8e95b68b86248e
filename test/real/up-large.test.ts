import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lookAtCluster } from "../support/cluster-sight.ts";
import { type DemoRack, type DemoSite, demoSite, succeeded } from "../support/demo-site.ts";
import type { SkerryEvent, SkerryResult } from "../support/skerry.ts";

const signal = AbortSignal.timeout(800_000);
const names = ["cp-1", "cp-2", "cp-3", "w-1", "w-2"];

let site: DemoSite;
let large: DemoRack;
let dead: DemoRack;
/** Waits two minutes for a worker that never answers; the other tests run meanwhile. */
let withDeadWorker: Promise<SkerryResult>;

beforeAll(async () => {
  site = await demoSite({ signal });
  dead = await site.rack("dead", "site.yaml", ["--fault", "dead=w-2"]);
  withDeadWorker = site.skerry(["up", "--rack", dead.name, "--yes", "--json"]);
  large = await site.rack("large", "large-site.yaml");
});

afterAll(async () => {
  await withDeadWorker.catch(() => undefined);
  await site.remove();
});

const up = async (...flags: readonly string[]) => await site.skerry(["up", "--rack", large.name, "--yes", ...flags]);

describe("skerry up with three control planes and two workers", () => {
  it("ends with all nodes Ready, one etcd, and the workload Available", async () => {
    const { stdout } = succeeded(await up("--json"));

    const { report } = JSON.parse(stdout) as {
      readonly report: { readonly nodes: readonly { readonly ready: boolean }[] };
    };
    expect(report.nodes.map(({ ready }) => ready)).toEqual(names.map(() => true));
    expect(await lookAtCluster(large, { signal })).toEqual({
      nodes: names.map((name) => `${name} current`),
      etcd: ["cp-1 cp-2 cp-3"],
      workload: "current",
    });
  });

  it("has nothing to do the second time", async () => {
    expect(JSON.parse(succeeded(await up("--json")).stdout)).toMatchObject({ changed: 0, setAside: [] });
    expect(succeeded(await up()).stdout).toContain("There was nothing to do.");
  });

  it("first gives every node the mirror's new address when the laptop has another, control planes one by one", async () => {
    const text = await readFile(large.siteFile, "utf8");
    const port = Number(/port: (\d+)/.exec(text)?.[1]);
    await writeFile(large.siteFile, text.replace(`port: ${port}`, `port: ${port === 65_535 ? port - 1 : port + 1}`));
    const steps: SkerryEvent[] = [];

    const result = await site.skerry(["up", "--rack", large.name, "--yes", "--events"], {
      onEvent: (event) => {
        if (event.kind === "step.started" || event.kind === "step.succeeded") steps.push(event);
        return undefined;
      },
    });

    succeeded(result);
    const applied = steps.filter(({ phase }) => phase === "apply").map(({ kind, node }) => `${kind} ${node}`);
    expect(applied.slice(0, 6)).toEqual(
      ["cp-1", "cp-2", "cp-3"].flatMap((name) => [`step.started ${name}`, `step.succeeded ${name}`]),
    );
    expect(applied.slice(6).sort()).toEqual(
      ["w-1", "w-2"].flatMap((name) => [`step.started ${name}`, `step.succeeded ${name}`]).sort(),
    );
    expect(steps[0]?.phase).toBe("apply");
    expect(JSON.parse(succeeded(await up("--json")).stdout)).toMatchObject({ changed: 0 });
  });
});

describe("skerry up with a worker that is dead", () => {
  it("finishes the rest, ends with 9, and names the worker to people and to programs", async () => {
    const { code, stdout, stderr } = await withDeadWorker;

    expect(code, stderr).toBe(9);
    expect(JSON.parse(stdout)).toMatchObject({
      exitCode: 9,
      setAside: [{ node: "w-2", error: { code: "CONDITION_TIMED_OUT" } }],
      error: { code: "NODES_SET_ASIDE" },
    });
    expect(stderr).toContain("done, except for w-2");
    expect(await lookAtCluster(dead, { signal })).toEqual({
      nodes: ["cp-1 current", "w-1 current"],
      etcd: ["cp-1"],
      workload: "current",
    });
  });
});
