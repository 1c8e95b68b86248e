import { setTimeout as sleep } from "node:timers/promises";
import { canonicalState } from "./canonical.ts";
import { type Difference, differences } from "./differences.ts";
import type { Recording } from "./recorded.ts";
import { withoutIdleRevisions } from "./releases.ts";
import { afterChange, type ClusterState, newOrChanged } from "./state.ts";
import { type ListedFile, listFolder, recordedListing } from "./work-folder.ts";
import { readZarfCommand, type ZarfCommand } from "./zarf-command.ts";

/** Controllers need this long at most to do what follows from a step. */
const settleMs = 4_000;
const pollMs = 100;

/** Who does what Zarf was asked to: our own program. */
export interface Program {
  /** @returns whether it succeeded, and what it said if not */
  readonly run: (command: ZarfCommand, step: { readonly label: string }) => Promise<Outcome>;
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
  /** Where the program ran. */
  readonly folder: string;
  /** Addresses of this run to those of the recording. */
  readonly replace: Readonly<Record<string, string>>;
  /** Whether a difference has a reason: the others are worth waiting for. */
  readonly isKnown: (difference: Difference, step: { readonly label: string }) => boolean;
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
export async function replayRecording(request: ReplayRequest): Promise<readonly StepReport[]> {
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
      files: { recorded: recordedFiles, ours: await listFolder(folder) },
    });
  }
  return reports;
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
  const { state: expected } = withoutIdleRevisions(canonicalState(states.recorded));
  const until = performance.now() + settleMs;
  for (;;) {
    const now = newOrChanged(states.baseline, await request.read());
    const found = differences(expected, canonicalState(now, { replace: request.replace }));
    if (found.every((difference) => request.isKnown(difference, step)) || performance.now() > until) return found;
    await sleep(pollMs);
  }
}
