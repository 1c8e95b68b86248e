import type { RemovePlan, RemoveReport } from "../../journeys/index.ts";
import { findSite } from "../choose-site.ts";
import type { Handler } from "../command.ts";
import { packageInputs } from "../package-inputs.ts";
import { type Ending, performJourney } from "../perform.ts";
import { formatDuration } from "../quantities.ts";
import { stateFilesOf } from "../state-files.ts";
import { renderRemovePlan } from "../views/package-plan.ts";
import { worldOf } from "../world.ts";

/** `skerry remove PACKAGE` */
export const remove: Handler = async (call) => {
  const chosen = await findSite(call);
  const journeys = await import("../../journeys/index.ts");
  const open = await journeys.openRemoval(await packageInputs(call, chosen), worldOf(call));
  let plan: () => RemovePlan | undefined = () => undefined;
  try {
    return await performJourney(call, {
      kind: "RemoveResult",
      ...(chosen === undefined ? {} : { files: await stateFilesOf(call, chosen) }),
      asks: true,
      open: async () => {
        const journey = journeys.remove(open.context);
        plan = () => journey.context.found.plan;
        return await Promise.resolve(journey);
      },
      text: removeText,
      details: () => {
        const found = plan();
        if (found === undefined) return undefined;
        const { colors } = call.flags.dryRun ? call.terminal.stdout : call.terminal.stderr;
        return { text: renderRemovePlan(found, colors), data: { package: found } };
      },
    });
  } finally {
    await open.close();
  }
};

function removeText(report: RemoveReport, { durationMs }: Ending): string {
  const what = report.isWhole ? "Package" : `${report.components.join(", ")} of package`;
  const count = report.objects.length;
  return `${what} ${report.package.name} is removed: ${count} ${count === 1 ? "object" : "objects"} (${report.cluster}, ${formatDuration(durationMs)}).`;
}
