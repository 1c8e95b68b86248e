import { setTimeout as sleep } from "node:timers/promises";
import { canonicalState } from "./canonical.ts";
import { type Difference, differences } from "./differences.ts";
import type { RecordedStep, Recording } from "./recorded.ts";
import { afterChange, type ClusterState, newOrChanged } from "./state.ts";
import { type ListedFile, listFolder, recordedListing } from "./work-folder.ts";
import { readZarfCommand, type ZarfCommand } from "./zarf-command.ts";

/** Controllers need this long at most to do what follows from a step. */
const settleMs = 4_000;
const pollMs = 100;

/** Who does what Zarf was asked to: our own program. */
export interface Program {
  /** @returns whether it succeeded, and what it said if not */
  readonly run: (command: ZarfCommand, step: RecordedStep) => Promise<Outcome>;
}
export interface Outcome {
  readonly isDone: boolean;
  /** The error, for a person who reads a failing test. */
  readonly said?: string;
}

export interface ReplayRequest {
  readonly recording: Recording;
  readonly program: Program;
  readonly read: () => Promise<ClusterState>;
  /** Namespaces that are going away: what happens in them is not looked at. */
  readonly ending: ReadonlySet<string>;
  /** Where the program ran. */
  readonly folder: string;
  /** Addresses of this run to those of the recording. */
  readonly replace: Readonly<Record<string, string>>;
  /** What differs always, put into the recorded state; names and numbers are canonical. */
  readonly asOurs: (recorded: ClusterState) => ClusterState;
  /** Whether a difference has a reason: the others are worth waiting for. */
  readonly isKnown: (difference: Difference, step: { readonly label: string }) => boolean;
  /** The recorded state without revisions of releases that ours does not make. */
  readonly withoutNeedless: (recorded: ClusterState) => ClusterState;
  /** Whether a revision of a release that changes nothing is left out of the recorded state; default true. */
  readonly leavesOutIdle?: boolean;
  /** Names in the folder that the recording does not list. */
  readonly unlisted?: ReadonlySet<string>;
  /** Done before a step by somebody else, by its label. */
  readonly before?: Readonly<Record<string, () => Promise<void>>>;
}

/** What came of one step that the recording says otherwise. */
export interface StepReport {
  readonly label: string;
  readonly outcome: Outcome & { readonly recordedDone: boolean };
  readonly differences: readonly Difference[];
  readonly files: { readonly recorded: readonly ListedFile[]; readonly ours: readonly ListedFile[] };
}

/** Lets the program do every step of a recording, and compares the cluster and the folder after each. */
export async function replayRecording(given: ReplayRequest): Promise<readonly StepReport[]> {
  const request = { ...given, read: async () => withoutNamespaces(await given.read(), given.ending) };
  const { recording, program, folder } = request;
  const baseline = new Map(await request.read());
  const reports: StepReport[] = [];
  let recorded: ClusterState = new Map();
  let recordedFiles: readonly ListedFile[] = [];
  for (const step of recording.steps) {
    recorded = await afterOthers(request, step.label, recorded);
    const outcome = await program.run(readZarfCommand(step.args), step);
    recorded = afterChange(recorded, step.cluster);
    recordedFiles = step.files === undefined ? recordedFiles : recordedListing(step.files);
    reports.push({
      label: step.label,
      outcome: { ...outcome, recordedDone: step.exitCode === 0 },
      differences: await settledDifferences(request, step, { recorded, baseline }),
      files: {
        recorded: recordedFiles,
        ours: (await listFolder(folder, request.replace)).filter((file) => request.unlisted?.has(file.path) !== true),
      },
    });
  }
  return reports;
}

function withoutNamespaces(state: ClusterState, names: ReadonlySet<string>): ClusterState {
  const isIn = (key: string) => {
    const [namespace = "", name = ""] = key.split("/").slice(-2);
    return names.has(namespace) || (key.startsWith("Namespace.v1/") && names.has(name));
  };
  return new Map([...state].filter(([key]) => !isIn(key)));
}

/** What somebody else does before a step belongs to both sides. */
async function afterOthers(request: ReplayRequest, label: string, recorded: ClusterState): Promise<ClusterState> {
  const act = request.before?.[label];
  if (act === undefined) return recorded;
  const earlier = await request.read();
  await act();
  return new Map([...recorded, ...newOrChanged(earlier, await request.read())]);
}

async function settledDifferences(
  request: ReplayRequest,
  step: { readonly label: string },
  states: { readonly recorded: ClusterState; readonly baseline: ClusterState },
): Promise<readonly Difference[]> {
  const recorded = request.asOurs(canonicalState(states.recorded));
  const expected = request.leavesOutIdle === false ? recorded : request.withoutNeedless(recorded);
  const until = performance.now() + settleMs;
  for (;;) {
    const all = await request.read();
    // What was there already counts where the recording says that Zarf brought it.
    const there = [...all].filter(([key]) => states.recorded.has(key));
    const now = new Map([...there, ...newOrChanged(states.baseline, all)]);
    const found = differences(expected, canonicalState(now, { replace: request.replace }));
    if (found.every((difference) => request.isKnown(difference, step)) || performance.now() > until) return found;
    await sleep(pollMs);
  }
}
