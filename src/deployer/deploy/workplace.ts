import { type ListedAction, localCommands, localNetwork, openZarfStandIn, type ZarfStandIn } from "../actions/index.ts";
import type { Workplace } from "./request.ts";

/** A workplace with all that the actions of one package call. */
export interface OpenWorkplace extends Workplace {
  readonly zarf: ZarfStandIn | undefined;
  readonly close: () => Promise<void>;
}

/** This machine, in the folder that the command was started in. */
export function localWorkplace(): Workplace {
  return { folder: process.cwd(), commands: localCommands(), network: localNetwork(), path: process.env["PATH"] ?? "" };
}

/** Makes what stands in for `./zarf`, where an action calls it. */
export async function openWorkplace(place: Workplace, actions: readonly ListedAction[]): Promise<OpenWorkplace> {
  const callsZarf = actions.some(({ zarfTools }) => zarfTools.length > 0);
  if (!callsZarf || place.path === undefined) return { ...place, zarf: undefined, close: async () => undefined };
  const zarf = await openZarfStandIn({ path: place.path, program: place.program });
  return { ...place, zarf, close: zarf.close };
}
