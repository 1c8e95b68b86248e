import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { ensureImages, ensureLabRootfs, ensureParts } from "../parts/index.ts";
import { rehearsalTimings } from "../src/lab/index.ts";
import { type HandTimes, startByHand } from "./contained/by-hand.ts";
import { type BenchSite, layDesk } from "./contained/desk.ts";
import { bringUp, type OurRun } from "./contained/ours.ts";
import { atMost, type Figure, median, printFigures } from "./support/figures.ts";
import { describeMachine } from "./support/machine.ts";
import { asShipped } from "./support/processes.ts";
import { temporaryFolder } from "./support/temporary.ts";

/**
 * How long `skerry up` takes on a contained rack, by phase, what a node's memory is, and the time from the last applied config to Ready nodes
 * against the same programs started by a script: `node bench/contained.ts [ROUNDS] [one-one|three-two]`, as root. Ends with 1 when a goal is
 * missed.
 */
const RATIO_GOAL = 1.3;
const sites: readonly BenchSite[] = [
  { name: "one-one", controlPlanes: 1, workers: 1 },
  { name: "three-two", controlPlanes: 3, workers: 2 },
];
const [roundsWanted = "3", wanted] = process.argv.slice(2);
const signal = AbortSignal.timeout(3_600_000);
/** Between an applied config and the start of containerd, machines wait side by side. */
const { installMs, rebootMs, bootMs } = rehearsalTimings;
const simulatedSeconds = (installMs + rebootMs + bootMs) / 1000;

console.log(describeMachine());
execFileSync(process.execPath, ["src/cli/build.ts"], { stdio: "inherit" });
const { kubectl } = await ensureParts({ only: ["kubectl"], signal });
await ensureImages({ signal });
const rootfs = await ensureLabRootfs({ signal });
await using temporary = await temporaryFolder();
const desk = await layDesk(join(temporary.path, "desk"), sites, { signal });
const mirror = await asShipped(join(import.meta.dirname, "mirror", "serve.ts"), temporary.path);

const figures: Figure[] = [];
const details: string[] = [];
for (const site of sites.filter(({ name }) => wanted === undefined || wanted === name)) {
  const ours: OurRun[] = [];
  const hand: HandTimes[] = [];
  const up = async () => ours.push(await bringUp(desk, site.name, { signal }));
  const byHand = async () => {
    const [first] = ours;
    if (first === undefined) throw new Error("the script needs the configs of a run of ours");
    const folder = join(temporary.path, `hand-${site.name}-${hand.length}`);
    const { bundleFile } = desk;
    hand.push(
      await startByHand(first.machines, first.configs, { folder, bundleFile, mirror, kubectl, rootfs, signal }),
    );
  };
  for (let round = 0; round < Number(roundsWanted); round += 1) {
    for (const run of round % 2 === 0 ? [up, byHand] : [byHand, up]) await run();
  }
  const title = `${site.controlPlanes}+${site.workers}`;
  figures.push(...figuresOf(title, ours, hand));
  details.push(...ours.map(({ phases }) => `${title} up: ${phases}`));
  details.push(...hand.map((times) => `${title} by hand: ${stagesOf(times)}`));
}
printFigures(figures);
console.log(`
Seconds by phase of up, which follow each other; by hand since the first containerd's start
  ${details.join("\n  ")}

Rounds: ${roundsWanted}, the order turns, medians. Ours: from the answer to the last applied config to the step of up that saw the last node Ready. It
contains what a script has no part in: ${simulatedSeconds} s of simulated waiting (install ${installMs} + reboot ${rebootMs} + firmware ${bootMs} ms), a containerd that pulls the
installer, and the start of the second one. By hand: from the start of the first containerd to the end of "kubectl wait" for all nodes.
Both have the same root filesystem, namespaces, machine configs and host files, and pull the same images through the same mirror over TLS from
the same bundle; by hand all files and certificates lie ready. By hand there is no Talos API, no KubePrism and no supervisor; the
kubelet of a control plane has its certificate, etcd's members know each other from the start, and nothing is started in vain: what needs the
API server is started once that answers. Workers bootstrap by token on both sides; a kubelet that got its certificate goes on with its old
connections for up to ten seconds, and ours is started anew then, which a script does not think of.
Ratio: ours / by hand. Memory: without caches of files, with the process that plays the machine's Talos.`);
if (figures.some(({ goal }) => goal?.isMet === false)) process.exitCode = 1;

function figuresOf(title: string, ours: readonly OurRun[], hand: readonly HandTimes[]): readonly Figure[] {
  const seconds = (value: number): string => `${value.toFixed(1)} s`;
  const byHand = median(hand.map((times) => times.get("ready") ?? 0));
  const span = median(ours.map((run) => run.lastApplyToReadySeconds));
  const [{ machines } = { machines: [] }] = ours;
  const memory = machines.map(({ name }) => {
    const bytes = ours.map((run) => run.machines.find((machine) => machine.name === name)?.memoryBytes ?? 0);
    return `${name} ${Math.round(median(bytes) / 2 ** 20)}`;
  });
  return [
    { figure: `${title}: up, wall`, ours: seconds(median(ours.map(({ up }) => up.seconds))) },
    { figure: `${title}: up, our processor`, ours: seconds(median(ours.map(({ up }) => up.cpuSeconds))) },
    {
      figure: `${title}: last apply to all Ready`,
      ours: seconds(span),
      against: `${seconds(byHand)} by hand`,
      ratio: span / byHand,
      goal: atMost(span / byHand, RATIO_GOAL),
    },
    {
      figure: `${title}: the same without simulated waiting`,
      ours: seconds(span - simulatedSeconds),
      against: `${seconds(byHand)} by hand`,
      ratio: (span - simulatedSeconds) / byHand,
    },
    { figure: `${title}: memory, MiB`, ours: memory.join(" ") },
  ];
}

function stagesOf(hand: HandTimes): string {
  return [...hand].map(([stage, at]) => `${stage} ${at.toFixed(1)}`).join(" · ");
}
