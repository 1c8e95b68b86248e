import { OperatorError } from "../lib/errors/index.ts";
import type { SiteNode } from "../site/index.ts";
import type { NodeSight } from "./node-sights.ts";
import type { UpMemory } from "./up/context.ts";

/** Keeps the fingerprint that a machine shows while it is given its config. */
export function rememberMaintenance(memory: UpMemory, node: SiteNode, sight: NodeSight): void {
  if (sight.kind !== "maintenance") return;
  memory.fingerprints = new Map(memory.fingerprints).set(node.name, sight.fingerprint);
}

/**
 * The error of a machine that took its config, went away, and waits in maintenance again: its installation failed or was cut off.
 * It is known by its fingerprint, which is new with every boot into maintenance; one that is merely slow shows the old one.
 *
 * @returns undefined while there is nothing to say
 */
export function backInMaintenance(memory: UpMemory, node: SiteNode, sight: NodeSight): OperatorError | undefined {
  const before = memory.fingerprints?.get(node.name);
  if (sight.kind !== "maintenance" || before === undefined || before === sight.fingerprint) return undefined;
  return new OperatorError(
    "NODE_INSTALL_FAILED",
    `${node.name} took its config, but is back in maintenance: its installation failed, or its power did`,
    {
      where: { node: node.name },
      next: [
        `skerry nodes disks ${node.name}   is the disk still what site.yaml says?`,
        `look at the console of ${node.name}: it shows why an installation fails`,
      ],
      retry: "same",
    },
  );
}
