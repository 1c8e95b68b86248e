import { formatBytes, formatDuration } from "../quantities.ts";
import type { RehearsalReport, ToDo } from "../rehearse/report.ts";
import { renderTable } from "./table.ts";

/** Waits told per phase; the rest are counted. */
const SHOWN_WAITS = 3;
const SHOWN_TO_DO = 10;
const SHOWN_NAMES = 5;

/** A rehearsal for people: faults, what happened phase by phase, how it ended, what to do, how to repeat it. */
export function renderRehearsal(report: RehearsalReport): string {
  const sections = [
    head(report),
    faultLines(report),
    phaseTable(report),
    waitLines(report),
    endLines(report),
    toDoLines(report.toDo),
    `Repeat: ${report.repeat}`,
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

/** "up without w-2": how it ended in a few words. */
export function endText({ end, story }: RehearsalReport): string {
  if (end.outcome === "succeeded") return "up";
  const names = story.setAside.map(({ node }) => node);
  const more = names.length - SHOWN_NAMES;
  const aside = [...names.slice(0, SHOWN_NAMES), ...(more > 0 ? [`${more} more`] : [])].join(", ");
  if (story.error === undefined) return `up without ${aside}`;
  return aside === "" ? story.error.code : `${story.error.code}, without ${aside}`;
}

function head({ seed, site, bundle }: RehearsalReport): string {
  return [
    `Rehearsal of up for ${site.name}, seed ${seed}: ${site.controlPlanes} + ${site.workers} simulated machines, in virtual time`,
    `Talos ${site.talos}, Kubernetes ${site.kubernetes}, bundle ${bundle.file} (${bundle.images} images)`,
  ].join("\n");
}

function faultLines({ faults }: RehearsalReport): string {
  if (faults.length === 0) return "Faults: none";
  const rows = faults.map(({ fault, struckMs }) => [fault, struckText(struckMs)]);
  return `Faults:\n${indent(renderTable(["FAULT", "STRUCK"], rows))}`;
}

function struckText(struckMs: number | undefined): string {
  if (struckMs === undefined) return "never";
  return struckMs === 0 ? "from the start" : `after ${formatDuration(struckMs)}`;
}

function phaseTable({ story }: RehearsalReport): string {
  return renderTable(
    ["PHASE", "AFTER", "TOOK", "STEPS", ""],
    story.phases.map((phase) => [
      phase.title,
      phase.startMs === undefined ? "" : formatDuration(phase.startMs),
      phase.durationMs === undefined ? "" : formatDuration(phase.durationMs),
      phase.steps === 0 ? "" : String(phase.steps),
      phase.outcome === "done" ? "" : phase.outcome,
    ]),
  );
}

function waitLines({ story }: RehearsalReport): string {
  const lines = story.phases.flatMap(({ title, waits }) => {
    const longest = [...waits].sort((a, b) => b.durationMs - a.durationMs);
    const shown = longest.slice(0, SHOWN_WAITS).map(({ description, durationMs, reasons }) => {
      const reason = reasons.at(-1) ?? "";
      return `  ${formatDuration(durationMs)}  ${description}: ${reason}`;
    });
    const more = longest.length - shown.length;
    if (shown.length === 0) return [];
    return [title, ...shown, ...(more > 0 ? [`  and ${more} more`] : [])];
  });
  const retries = story.retries.map(
    ({ atMs, step, code, message }) => `  after ${formatDuration(atMs)}  ${step}: ${code}: ${message}`,
  );
  const told = retries.length === 0 ? [] : ["Tried again", ...retries];
  return [...(lines.length === 0 ? [] : ["Waits, and what was last said of them:", ...lines]), ...told].join("\n");
}

function endLines(report: RehearsalReport): string {
  const { end, story, mirror, nodes, workloads } = report;
  const late = (workloads ?? []).filter(({ state }) => state !== "Available");
  const lines = [
    `End: ${endText(report)}, after ${formatDuration(end.durationMs)}; skerry up would have ended with exit code ${end.exitCode}`,
    ...(story.error === undefined ? [] : [`  ${story.error.code}: ${story.error.message}`]),
    ...(nodes === undefined
      ? []
      : [`  ${nodes.filter(({ ready }) => ready === true).length} of ${nodes.length} nodes Ready`]),
    ...(mirror === undefined
      ? []
      : [`  the mirror served ${mirror.imagesServed} images, ${formatBytes(mirror.bytes)} in all`]),
    ...late.map(({ object, state, reason }) => `  ${object} ${state}: ${reason ?? ""}`),
  ];
  return lines.join("\n");
}

function toDoLines(toDo: readonly ToDo[]): string {
  if (toDo.length === 0) return "";
  const lines = toDo
    .slice(0, SHOWN_TO_DO)
    .flatMap(({ node, code, message, next }) => [
      `  ${node === undefined ? "" : `${node}  `}${code}: ${message}`,
      ...next.map((each) => `    ${each}`),
    ]);
  const more = toDo.length - SHOWN_TO_DO;
  return ["A person would have to:", ...lines, ...(more > 0 ? [`  and the same for ${more} more`] : [])].join("\n");
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}
