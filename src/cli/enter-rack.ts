import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { become } from "./become.ts";
import { chooseSite, findSite } from "./choose-site.ts";
import type { Call, CommandSpec } from "./command.ts";

/**
 * Starts the same command again in the network of the rack whose site it is about, where that rack has a network of its own: this process
 * becomes it and does not come back. Returns where the command can go on as it is.
 *
 * @param argv - the whole command line
 * @throws OperatorError as chooseSite, LAB_NEEDS_ROOT, LAB_RACK_NOT_RUNNING
 */
export async function enterRackOfSite(
  call: Call,
  argv: readonly string[],
  command: Pick<CommandSpec, "mayLackSite">,
): Promise<void> {
  const chosen = command.mayLackSite === true ? await findSite(call) : await chooseSite(call);
  if (chosen === undefined) return;
  const { siteFile } = chosen;
  // A rack has its site.yaml in RACK/site/, whether --rack or --site names it.
  const folder = dirname(dirname(siteFile));
  if (!existsSync(join(folder, "rack.json"))) return;
  const lab = await import("../lab/index.ts");
  const entry = lab.enterRack(folder, call.environment);
  if (entry.through.length > 0) become(entry, [...call.self, ...argv], call.environment);
}
