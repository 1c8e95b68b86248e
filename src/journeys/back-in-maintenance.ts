import { OperatorError } from "../lib/errors/index.ts";
import type { SiteNode } from "../site/index.ts";
import { MAX_TIMES } from "./give-config.ts";
import type { NodeSight } from "./node-sights.ts";
import type { UpMemory } from "./up/context.ts";

/**
 * The error of a machine that took its config, went away, and waits in maintenance again: its installation failed or was cut off.
 * It is known by its fingerprint, which is new with every boot into maintenance; one that is merely slow shows the old one. While
 * the run may give it its config once more, the error says that the same may help (retry: same).
 *
 * @returns undefined while there is nothing to say
 */
export function backInMaintenance(memory: UpMemory, node: SiteNode, sight: NodeSight): OperatorError | undefined {
  const given = memory.given?.get(node.name);
  if (sight.kind !== "maintenance" || given === undefined || given.fingerprint === sight.fingerprint) return undefined;
  const mayTry = given.times < MAX_TIMES;
  return fellBack(
    node,
    mayTry
      ? `${node.name} took its config, but is back in maintenance: its installation failed, or its power did`
      : `${node.name} took its config ${given.times} times, and each time is back in maintenance: its installation fails, or its power does`,
    mayTry ? "same" : "later",
  );
}

/** The error of a machine that had its config from an earlier run, and waits in maintenance all the same. */
export function lostItsConfig(node: SiteNode): OperatorError {
  return fellBack(
    node,
    `${node.name} had its config when this run began, but is in maintenance: its installation failed, or its power did`,
    "later",
  );
}

function fellBack(node: SiteNode, message: string, retry: "same" | "later"): OperatorError {
  return new OperatorError("NODE_INSTALL_FAILED", message, {
    where: { node: node.name },
    next: [
      `skerry nodes disks ${node.name}   is the disk still what site.yaml says?`,
      `look at the console of ${node.name}: it shows why an installation fails`,
      "skerry up   shows the disk that is erased, and gives it its config again",
    ],
    retry,
  });
}
