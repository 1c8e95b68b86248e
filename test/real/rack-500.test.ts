import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandRack } from "../../src/lab/index.ts";
import { type DemoSite, demoSite, succeeded } from "../support/demo-site.ts";

/** 500 machines in one supervisor: looking at all of them and configuring all of them, in little memory. */
const signal = AbortSignal.timeout(600_000);
const NODES = 500;
const LIMIT_MB = 600;

const names = Array.from({ length: NODES }, (_none, index) => (index < 3 ? `cp-${index + 1}` : `w-${index - 2}`));
const siteYaml = `apiVersion: skerry.dev/v1alpha1
kind: Site
name: five-hundred
talos: v1.13.9
kubernetes: v1.36.3
endpoint: 10.5.0.100
cni: package
trust: {keys: [demo.pub]}
nodes:
${names
  .map((name, index) => {
    const role = index < 3 ? "controlplane" : "worker";
    const address = `10.5.${1 + Math.floor(index / 200)}.${1 + (index % 200)}`;
    return `  - {name: ${name}, role: ${role}, address: ${address}, disk: {path: /dev/sda}}`;
  })
  .join("\n")}
`;

let site: DemoSite;

beforeAll(async () => {
  site = await demoSite({ signal });
  const startMs = performance.now();
  await site.rack("many", siteYaml, ["--no-kubernetes"]);
  console.log(`${NODES} machines in maintenance after ${seconds(startMs)}; supervisor ${await supervisorMb()} MB`);
});

afterAll(async () => await site.remove());

const seconds = (startMs: number) => `${((performance.now() - startMs) / 1000).toFixed(1)} s`;

async function supervisorMb(): Promise<number> {
  const stateDir = join(site.stateDir, "skerry");
  const { memoryBytes } = await commandRack("many", { do: "status" }, { stateDir, signal });
  return Math.round(memoryBytes / 1e6);
}

/** Runs `skerry ARGS` and reads what its process used, which it writes down as it ends. */
async function measured(args: readonly string[]) {
  const file = join(site.folder, "peak");
  const atExit = `import { writeFileSync } from "node:fs"; process.on("exit", () => writeFileSync(${JSON.stringify(file)}, JSON.stringify(process.resourceUsage())));`;
  const startMs = performance.now();
  const result = await site.skerry(args, {
    env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(atExit)}` },
  });
  const took = seconds(startMs);
  const usage = JSON.parse(await readFile(file, "utf8")) as NodeJS.ResourceUsage;
  const peakMb = Math.round((usage.maxRSS * 1024) / 1e6);
  const cpu = `${((usage.userCPUTime + usage.systemCPUTime) / 1e6).toFixed(1)} s of CPU`;
  console.log(`skerry ${args.join(" ")}: ${took}, ${cpu}, at most ${peakMb} MB; supervisor ${await supervisorMb()} MB`);
  return { result, peakMb };
}

describe(`a rack of ${NODES} machines`, () => {
  it("is planned by a dry run, with every disk, in little memory", async () => {
    const { result, peakMb } = await measured(["up", "--rack", "many", "--dry-run", "--json"]);

    const { phases } = JSON.parse(succeeded(result).stdout) as Plan;
    const apply = phases.find(({ id }) => id === "apply")?.waves.flat() ?? [];
    expect(apply.map(({ target }) => target.name).sort()).toEqual([...names].sort());
    expect(apply.filter(({ title }) => !title.includes("ERASES /dev/sda"))).toEqual([]);
    expect(peakMb).toBeLessThan(LIMIT_MB);
  });

  it("is configured, each machine with its own config, in little memory", async () => {
    const { result, peakMb } = await measured([
      "up",
      "--rack",
      "many",
      "--yes",
      "--until",
      "apply",
      "--json",
      "--concurrency",
      "32",
    ]);

    // Every machine, and the secrets.
    expect(JSON.parse(succeeded(result).stdout)).toMatchObject({ changed: NODES + 1, setAside: [] });
    expect(peakMb).toBeLessThan(LIMIT_MB);
  });
});

interface Plan {
  readonly phases: readonly {
    readonly id: string;
    readonly waves: readonly (readonly { readonly title: string; readonly target: { readonly name: string } }[])[];
  }[];
}
