import { formatDuration } from "../quantities.ts";
import type { RehearsalReport } from "../rehearse/report.ts";
import { endText, renderRehearsal } from "./rehearsal.ts";
import { renderTable } from "./table.ts";

/** Runs told in full under the table. */
const SHOWN = 3;

/** Many rehearsals: one line each, then the worst in full. */
export function renderRehearsals(reports: readonly RehearsalReport[]): string {
  const [first] = reports;
  if (first === undefined) return "";
  const table = renderTable(
    ["SEED", "EXIT", "TOOK", "END", "FAULTS"],
    reports.map((report) => [
      String(report.seed),
      String(report.end.exitCode),
      formatDuration(report.end.durationMs),
      endText(report),
      report.faults.map(({ fault }) => fault).join(" "),
    ]),
  );
  const count = (outcome: RehearsalReport["end"]["outcome"]) =>
    reports.filter(({ end }) => end.outcome === outcome).length;
  const summary = `${reports.length} rehearsals of up for ${first.site.name}: ${count("succeeded")} came up, ${count("nodes set aside")} without some workers, ${count("failed")} failed`;
  const worst = worstOf(reports).slice(0, SHOWN).map(renderRehearsal);
  return [summary, table, ...worst.map((text) => `${"-".repeat(72)}\n${text}`)].join("\n\n");
}

/** Those that did not simply come up: failures first, then the most nodes set aside, one for each way to end. */
function worstOf(reports: readonly RehearsalReport[]): readonly RehearsalReport[] {
  const ways = new Map<string, RehearsalReport>();
  const bad = reports
    .filter(({ end }) => end.outcome !== "succeeded")
    .sort((a, b) => badness(b) - badness(a) || a.seed - b.seed);
  for (const report of bad) {
    const way = report.story.error?.code ?? "set aside";
    if (!ways.has(way)) ways.set(way, report);
  }
  return [...ways.values()];
}

function badness({ end, story }: RehearsalReport): number {
  return (end.outcome === "failed" ? 1_000_000 : 0) + story.setAside.length;
}
