import { basename } from "node:path";
import type { Bundle } from "../../bundle/index.ts";
import type { Story, UpReport } from "../../journeys/index.ts";
import { faultText } from "../../lab/index.ts";
import type { ExitCode } from "../../lib/errors/index.ts";
import { controlPlanesOf, workersOf } from "../../site/index.ts";
import { exitCodeOfCode } from "../exit-code.ts";
import type { Rehearsal } from "./rehearse.ts";

/** What a person would have to do at the site afterwards. */
export interface ToDo {
  readonly node?: string;
  readonly code: string;
  readonly message: string;
  readonly next: readonly string[];
}

/** What would have happened; times are virtual, in milliseconds since the run began. */
export interface RehearsalReport {
  /** Of this shape. */
  readonly version: 1;
  readonly seed: number;
  /** The command that gives the same report again. */
  readonly repeat: string;
  readonly site: {
    readonly name: string;
    readonly talos: string;
    readonly kubernetes: string;
    readonly controlPlanes: number;
    readonly workers: number;
  };
  /** `digest` of its index is what the signature is over. */
  readonly bundle: { readonly name: string; readonly file: string; readonly images: number };
  /** `struckMs`: when it first made itself felt, 0 for what was wrong before; absent: it never did. */
  readonly faults: readonly { readonly fault: string; readonly struckMs?: number }[];
  readonly end: {
    /** What `up` would have ended with. */
    readonly exitCode: ExitCode;
    readonly outcome: "succeeded" | "nodes set aside" | "failed";
    readonly durationMs: number;
    /** Steps that changed something. */
    readonly changed: number;
  };
  readonly story: Story;
  readonly toDo: readonly ToDo[];
  /** Absent after a failure. */
  readonly nodes?: UpReport["nodes"];
  readonly workloads?: UpReport["workloads"];
  readonly mirror?: { readonly requests: number; readonly imagesServed: number; readonly bytes: number };
}

/** @param repeat - the command to be typed for the same again */
export function reportOf(
  { site, up, faults, startedAt }: Rehearsal,
  given: { readonly seed: number; readonly bundle: Bundle; readonly repeat: string },
): RehearsalReport {
  const { story, result } = up;
  const { mirror, nodes, workloads } = result.report ?? {};
  const { exitCode, outcome } = endOf(story);
  return {
    version: 1,
    seed: given.seed,
    repeat: given.repeat,
    site: {
      name: site.name,
      talos: site.talos,
      kubernetes: site.kubernetes,
      controlPlanes: controlPlanesOf(site).length,
      workers: workersOf(site).length,
    },
    bundle: {
      name: given.bundle.definition.name,
      file: basename(given.bundle.file),
      images: given.bundle.images().length,
    },
    faults: faults.map(({ fault, at }) => ({
      fault: faultText(fault),
      ...(at === undefined ? {} : { struckMs: Math.max(0, at.getTime() - startedAt.getTime()) }),
    })),
    end: { exitCode, outcome, durationMs: story.durationMs, changed: result.changed },
    story,
    toDo: toDoOf(story),
    ...(nodes === undefined ? {} : { nodes }),
    ...(workloads === undefined ? {} : { workloads }),
    ...(mirror === undefined
      ? {}
      : { mirror: { requests: mirror.requests, imagesServed: mirror.imagesServed, bytes: mirror.bytes } }),
  };
}

function endOf({ error, setAside }: Story): Pick<RehearsalReport["end"], "exitCode" | "outcome"> {
  if (error !== undefined) return { exitCode: exitCodeOfCode(error.code), outcome: "failed" };
  if (setAside.length === 0) return { exitCode: 0, outcome: "succeeded" };
  return { exitCode: exitCodeOfCode("NODES_SET_ASIDE"), outcome: "nodes set aside" };
}

function toDoOf({ error, setAside }: Story): readonly ToDo[] {
  const found = [
    ...(error === undefined ? [] : [{ node: error.where.node, error }]),
    ...setAside.map((each) => ({ node: each.node, error: each.error })),
  ];
  return found.map((each) => ({
    ...(each.node === undefined ? {} : { node: each.node }),
    code: each.error.code,
    message: each.error.message,
    next: each.error.next.some((line) => line.startsWith("skerry up "))
      ? each.error.next
      : [...each.error.next, "skerry up   when that is done: it goes on where it stopped"],
  }));
}
