import type { stateFiles } from "../journeys/index.ts";
import type { ChosenSite } from "./choose-site.ts";
import type { Call } from "./command.ts";
import { stateFolderOf } from "./folders.ts";

/** Where the runs on a site are remembered: with its rack, or by the site's name. */
export async function stateFilesOf(call: Call, chosen: ChosenSite): Promise<ReturnType<typeof stateFiles>> {
  const { rackStateFolder, siteStateFolder, stateFiles } = await import("../journeys/index.ts");
  const stateFolder = stateFolderOf(call);
  if (chosen.rack !== undefined) return stateFiles(rackStateFolder(stateFolder, chosen.rack));
  const { loadSite } = await import("../site/index.ts");
  const { name } = await loadSite(chosen.siteFile);
  return stateFiles(siteStateFolder(stateFolder, name));
}
