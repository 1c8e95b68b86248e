import type { DeployReport, PackagePlan } from "../../journeys/index.ts";
import { findSite } from "../choose-site.ts";
import type { Handler } from "../command.ts";
import { packageInputs } from "../package-inputs.ts";
import { type Ending, performJourney } from "../perform.ts";
import { formatDuration } from "../quantities.ts";
import { stateFilesOf } from "../state-files.ts";
import { renderPackagePlan } from "../views/package-plan.ts";
import { renderTable } from "../views/table.ts";
import { worldOf } from "../world.ts";

/** `skerry deploy PACKAGE` */
export const deploy: Handler = async (call) => {
  const chosen = await findSite(call);
  const journeys = await import("../../journeys/index.ts");
  const world = worldOf(call);
  const open = await journeys.openDeployment(await packageInputs(call, chosen), world);
  let plan: () => PackagePlan | undefined = () => undefined;
  try {
    return await performJourney(call, {
      kind: "DeployResult",
      ...(chosen === undefined ? {} : { files: await stateFilesOf(call, chosen) }),
      asks: true,
      open: async (journal) => {
        const journey = journeys.deploy(open, { world, journal });
        plan = () => journey.context.found.plan;
        return journey;
      },
      text: deployText,
      details: () => {
        const found = plan();
        if (found === undefined) return undefined;
        const { colors } = call.flags.dryRun ? call.terminal.stdout : call.terminal.stderr;
        return { text: renderPackagePlan(found, colors), data: { package: found } };
      },
    });
  } finally {
    await open.close();
  }
};

function deployText(report: DeployReport, { durationMs }: Ending): string {
  const name = [report.package.name, report.package.version].filter((part) => part !== "").join(" ");
  const state = report.record === "unchanged" ? "is there as it should be; nothing was written" : "is deployed";
  const connect = Object.entries(report.connectStrings);
  const sections = [
    `Package ${name} ${state} (${report.cluster}, ${formatDuration(durationMs)}).`,
    report.pruned.length === 0 ? "" : `Taken away: ${report.pruned.join(", ")}`,
    connect.length === 0
      ? ""
      : renderTable(
          ["SERVICE", "PATH", ""],
          connect.map(([service, { url, description }]) => [service, url, description]),
        ),
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}
