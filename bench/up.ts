import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ensureImages, ensureParts, startInternet } from "../parts/index.ts";
import { rehearsalTimings } from "../src/lab/index.ts";
import { type Figure, printFigures } from "./support/figures.ts";
import { describeMachine } from "./support/machine.ts";
import { type Measured, runMeasured } from "./support/processes.ts";
import { temporaryFolder } from "./support/temporary.ts";

/**
 * How long `skerry up` takes for the demo's two sites in the lab, from bare machines to packages deployed: `node bench/up.ts`. All
 * real: the built command line, TLS, etcd, kube-apiserver; only installing, rebooting and services that come up are simulated.
 */
const signal = AbortSignal.timeout(600_000);
const skerry = resolve("dist/skerry.js");
const sites = [
  { rack: "small", site: "site.yaml", nodes: "1+2 nodes" },
  { rack: "large", site: "large-site.yaml", nodes: "3+2 nodes" },
] as const;

/**
 * What the lab makes a machine wait on the way from an applied config to a node whose runtime is up; machines wait side by side, so
 * the critical path has each once: the installation, the reboot, the firmware, the runtime.
 */
const { installMs, rebootMs, bootMs, serviceMs } = rehearsalTimings;
const simulatedSeconds = (installMs + rebootMs + bootMs + serviceMs) / 1000;

interface Event {
  readonly kind: string;
  readonly time: string;
  readonly phase?: string;
  readonly phases?: readonly { readonly id: string; readonly title: string }[];
}

console.log(describeMachine());
execFileSync(process.execPath, ["src/cli/build.ts"], { stdio: "inherit" });
await ensureParts({ signal });
await ensureImages({ signal });
await using folder = await temporaryFolder();
const desk = join(folder.path, "desk");
const env = { ...process.env, NO_COLOR: "1", XDG_STATE_HOME: join(folder.path, "s") };
await layDesk();

const figures: Figure[] = [];
const phases: string[] = [];
for (const { rack, site, nodes } of sites) {
  await run(["lab", "up", rack, "--site", join(desk, site), "--interior", "modelled"]);
  try {
    const first = await run(["up", "--rack", rack, "--yes", "--events"]);
    const again = await run(["up", "--rack", rack, "--yes", "--events"]);
    figures.push(...figuresOf(nodes, first, again));
    phases.push(`${nodes}: ${phasesOf(first.stdout)}`);
  } finally {
    await run(["lab", "down", rack]);
  }
}
printFigures(figures);
console.log(`
By phase, in seconds
  ${phases.join("\n  ")}

One run each. Simulated waiting is the critical path of a machine, ${simulatedSeconds} s: install ${installMs} + reboot ${rebootMs} + firmware ${bootMs} +
runtime ${serviceMs} ms, each once, because machines wait side by side. Ratio: whole run / simulated waiting.`);

/** The demo's folder with a key of its own, and its bundle made from the images of the parts. */
async function layDesk(): Promise<void> {
  await mkdir(desk, { recursive: true, mode: 0o700 });
  await cp("bundles/demo", desk, { recursive: true });
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  await writeFile(join(desk, "demo.key"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  await writeFile(join(desk, "demo.pub"), publicKey.export({ type: "spki", format: "pem" }));
  const internet = await startInternet({ signal });
  try {
    const overrides = Object.entries(internet.overrides).map(([host, url]) => [
      "--registry-override",
      `${host}=${url}`,
    ]);
    await run(["bundle", "create", ...overrides.flat()]);
  } finally {
    await internet.stop();
  }
}

function run(args: readonly string[]): Promise<Measured> {
  return runMeasured([process.execPath, skerry, ...args], { cwd: desk, env, isQuiet: true });
}

function figuresOf(nodes: string, first: Measured, again: Measured): readonly Figure[] {
  const seconds = (value: number): string => `${value.toFixed(1)} s`;
  return [
    {
      figure: `${nodes}: up, wall`,
      ours: seconds(first.seconds),
      against: `${seconds(simulatedSeconds)} simulated waiting`,
      ratio: first.seconds / simulatedSeconds,
    },
    { figure: `${nodes}: beyond simulated waiting`, ours: seconds(first.seconds - simulatedSeconds) },
    { figure: `${nodes}: our processor`, ours: seconds(first.cpuSeconds) },
    { figure: `${nodes}: up again, nothing to do`, ours: seconds(again.seconds) },
  ];
}

/** Seconds per phase, those under a tenth left out. */
function phasesOf(stdout: string): string {
  const events = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Event);
  const started = new Map<string, number>();
  const parts: string[] = [];
  for (const { kind, phase = "", time } of events) {
    if (kind === "phase.started") started.set(phase, Date.parse(time));
    if (kind !== "phase.succeeded") continue;
    const seconds = (Date.parse(time) - (started.get(phase) ?? 0)) / 1000;
    if (seconds >= 0.1) parts.push(`${phase} ${seconds.toFixed(1)}`);
  }
  return parts.join(" · ");
}
