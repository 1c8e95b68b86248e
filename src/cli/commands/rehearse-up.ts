import type { Bundle } from "../../bundle/index.ts";
import type { JourneyEvent } from "../../journeys/index.ts";
import type { FaultLevel, RehearsalFault } from "../../lab/index.ts";
import { type ExitCode, OperatorError } from "../../lib/errors/index.ts";
import { chooseBundle, chooseSite } from "../choose-site.ts";
import type { Call, Handler } from "../command.ts";
import type { RehearsalReport } from "../rehearse/report.ts";
import { renderRehearsal } from "../views/rehearsal.ts";
import { renderRehearsals } from "../views/rehearsal-runs.ts";

const DEFAULT_CONCURRENCY = 8;
/** Real time after which a person is told how far it is. */
const QUIET_MS = 1000;
const levels: readonly FaultLevel[] = ["none", "few", "many"];

/** `skerry rehearse up` */
export const rehearseUp: Handler = async (call) => {
  const level = levelOf(call);
  const faults = await faultsOf(call);
  const chosen = await chooseSite(call);
  const bundleFile = await chooseBundle(call, chosen.bundleFolders);
  const { openBundle } = await import("../../bundle/index.ts");
  const bundle = await openBundle(bundleFile, { signal: call.signal });
  try {
    const reports = await rehearseAll(call, { siteFile: chosen.siteFile, bundle, level, faults });
    const [first] = reports;
    if (first === undefined) throw new Error("no rehearsal was run");
    const exit = worstExit(reports);
    if (reports.length === 1)
      return { exit, text: renderRehearsal(first), document: { kind: "Rehearsal", data: first } };
    return {
      exit,
      text: renderRehearsals(reports),
      document: { kind: "Rehearsals", data: { version: 1, runs: reports } },
    };
  } finally {
    await bundle.close();
  }
};

interface Plan {
  readonly siteFile: string;
  readonly bundle: Bundle;
  readonly level: FaultLevel;
  readonly faults: readonly RehearsalFault[];
}

async function rehearseAll(call: Call, plan: Plan): Promise<readonly RehearsalReport[]> {
  const { rehearse } = await import("../rehearse/rehearse.ts");
  const { reportOf } = await import("../rehearse/report.ts");
  const { seed: first = 1, runs = 1, concurrency = DEFAULT_CONCURRENCY } = call.flags;
  const tell = narrator(call, runs);
  const reports: RehearsalReport[] = [];
  call.onInterrupt(() => `rehearsing; ${reports.length} of ${runs} done, nothing was touched`);
  for (let seed = first; seed < first + runs; seed++) {
    const onEvent = (event: JourneyEvent) => tell(event, seed);
    const rehearsal = await rehearse({ ...plan, seed, concurrency }, { signal: call.signal, onEvent });
    call.signal.throwIfAborted();
    // Bugs are not told as what happens at a site.
    if (rehearsal.up.story.error?.code === "BUG") throw rehearsal.up.result.failed;
    reports.push(reportOf(rehearsal, { seed, bundle: plan.bundle, repeat: repeatOf(call, seed) }));
  }
  return reports;
}

/** Says on stderr how far it is, as soon as it takes longer than a moment. */
function narrator(call: Call, runs: number): (event: JourneyEvent, seed: number) => void {
  const titles = new Map<string, string>();
  let saidMs = call.clock.now().getTime();
  return (event, seed) => {
    if (event.kind === "run.started") for (const { id, title } of event.phases) titles.set(id, title);
    if (event.kind !== "phase.started" || call.flags.quiet) return;
    const nowMs = call.clock.now().getTime();
    if (nowMs - saidMs < QUIET_MS) return;
    saidMs = nowMs;
    const which = runs === 1 ? "" : `seed ${seed}: `;
    call.terminal.stderr.write(`rehearsing  ${which}${titles.get(event.phase) ?? event.phase}\n`);
  };
}

/** A failure's exit code, of the first that failed; else that of nodes set aside; else 0. */
function worstExit(reports: readonly RehearsalReport[]): ExitCode {
  const failed = reports.find(({ end }) => end.outcome === "failed");
  const aside = reports.find(({ end }) => end.outcome === "nodes set aside");
  return (failed ?? aside)?.end.exitCode ?? 0;
}

function levelOf(call: Call): FaultLevel {
  const level = levels.find((each) => each === (call.flags.faults ?? "few"));
  if (level !== undefined) return level;
  throw new OperatorError("USAGE_INVALID", `--faults ${call.flags.faults}: there is no such level`, {
    next: ["--faults none, few (one or two) or many (every third machine)"],
  });
}

async function faultsOf(call: Call): Promise<readonly RehearsalFault[]> {
  const { parseFault } = await import("../../lab/index.ts");
  if (call.flags.fault.length > 0 && call.flags.faults !== undefined)
    throw new OperatorError("USAGE_INVALID", "--faults draws faults and --fault names them: give one of the two");
  return call.flags.fault.map((text) => {
    const fault = parseFault(text);
    if (fault !== undefined) return fault;
    throw new OperatorError("REHEARSAL_FAULT_UNKNOWN", `--fault ${text}: a rehearsal knows no such fault`, {
      next: [
        "dead=w-1   never answers; also wrong-serial=NODE and refuse-install=NODE",
        "drop-connections=w-1:3   cuts that many; also slow-disk=NODE:FACTOR and clock=NODE:SECONDS",
        "lose-power=cp-1:installing   also applying, rebooting, booting, running",
        "image-missing=IMAGE   the mirror refuses an image that the bundle holds",
      ],
    });
  });
}

/** The command that gives one run again. */
function repeatOf({ flags }: Call, seed: number): string {
  const words = ["skerry rehearse up", `--seed ${seed}`];
  if (flags.site !== undefined) words.push(`--site ${quoted(flags.site)}`);
  if (flags.bundle !== undefined) words.push(`--bundle ${quoted(flags.bundle)}`);
  if (flags.faults !== undefined) words.push(`--faults ${flags.faults}`);
  for (const fault of flags.fault) words.push(`--fault ${quoted(fault)}`);
  if (flags.concurrency !== undefined) words.push(`--concurrency ${flags.concurrency}`);
  return words.join(" ");
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  return /^[\w./:=@,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
