import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { type ListedAction, localCommands, localNetwork, openZarfStandIn, type ZarfStandIn } from "../actions/index.ts";
import type { FilePlace } from "../files/index.ts";
import type { ComponentDefinition } from "../package/definition.ts";
import type { Workplace } from "./request.ts";

/** A workplace with all that one package needs there. */
export interface OpenWorkplace extends Workplace {
  readonly zarf: ZarfStandIn | undefined;
  readonly place: FilePlace;
  /** Removes what was made for the time of the run. */
  readonly close: () => Promise<void>;
}

/** This machine, in the folder that the command was started in. */
export function localWorkplace(): Workplace {
  return { folder: process.cwd(), commands: localCommands(), network: localNetwork(), path: process.env["PATH"] ?? "" };
}

/** Makes what the package needs for the time of the run: what stands in for `./zarf`, a private folder for files. */
export async function openWorkplace(
  place: Workplace,
  needs: { readonly actions: readonly ListedAction[]; readonly components: readonly ComponentDefinition[] },
): Promise<OpenWorkplace> {
  const callsZarf = needs.actions.some(({ zarfTools }) => zarfTools.length > 0);
  if (place.isPretended === true) {
    const nowhere = { folder: place.folder, home: place.folder, temporary: place.folder };
    return { ...place, zarf: { command: "zarf" }, place: nowhere, close: async () => await Promise.resolve() };
  }
  const zarf =
    callsZarf && place.path !== undefined
      ? await openZarfStandIn({ path: place.path, program: place.program })
      : undefined;
  const isPrivate = needs.components.some(({ files }) =>
    files.some(({ target }) => target.includes("###ZARF_TEMP###")),
  );
  const temporary = isPrivate ? await mkdtemp(join(tmpdir(), "skerry-files-")) : undefined;
  return {
    ...place,
    zarf,
    place: { folder: place.folder, home: homedir(), temporary: temporary ?? "" },
    close: async () => {
      await zarf?.close();
      if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
    },
  };
}
