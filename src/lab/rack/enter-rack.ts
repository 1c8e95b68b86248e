import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { NAMESPACES } from "../contained/rack/network-plan.ts";
import { LAPTOP } from "../faults.ts";
import { isAlive, readRecords } from "../process-record.ts";
import { notRunning } from "./control-socket.ts";
import { markIn, markOf } from "./marks.ts";
import { rackPathsOf, readRackFile } from "./rack-file.ts";
import { needRoot } from "./stop-rack.ts";

/** How a command is started in the network of a rack's laptop. */
export interface Entry {
  /** The words before it; none where it can run as it is. */
  readonly through: readonly string[];
  /** Added to its environment. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * How a command gets to the place from which the machines of a rack are reached: through `nsenter` into the laptop's network namespace of a
 * contained rack; as it is on a modelled one, and where this process is there already.
 *
 * @param folder - the rack's folder
 * @param env - of this process
 * @throws OperatorError LAB_NEEDS_ROOT, LAB_RACK_NOT_RUNNING
 */
export function enterRack(folder: string, env: Readonly<Record<string, string | undefined>>): Entry {
  const paths = rackPathsOf(folder);
  const rack = readRackFile(paths.rackFile);
  if (rack?.interior !== "contained" || markIn(env)?.id === rack.id) return { through: [], env: {} };
  needRoot(rack);
  const outer = readRecords(paths.processes).find((record) => record.what === "supervisor" && isAlive(record));
  if (outer === undefined) throw notRunning(rack.name);
  const namespace = `/proc/${outer.pid}/root${join(NAMESPACES, LAPTOP)}`;
  // A rack that is only just starting has none yet.
  if (!existsSync(namespace)) throw notRunning(rack.name);
  return { through: [nsenter(env), `--net=${namespace}`, "--"], env: markOf({ id: rack.id, folder }) };
}

/** An absolute path, because it takes the place of this process. */
function nsenter(env: Readonly<Record<string, string | undefined>>): string {
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder.startsWith("/"));
  return (
    [...folders, "/usr/bin"].map((folder) => join(folder, "nsenter")).find((path) => existsSync(path)) ?? "nsenter"
  );
}
