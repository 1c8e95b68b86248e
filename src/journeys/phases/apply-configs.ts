import pLimit from "p-limit";
import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import { sha256Hex } from "../../lib/sha256.ts";
import { controlPlanesOf, matchDisks, type SiteNode, workersOf } from "../../site/index.ts";
import { backInMaintenance } from "../back-in-maintenance.ts";
import { definePhase, type Step, type Wave } from "../engine/index.ts";
import { giveConfig, MAX_TIMES } from "../give-config.ts";
import { describeDisk, readDisks } from "../node-disks.ts";
import {
  lookAtNode,
  lookAtNodes,
  type NodeSight,
  type NodeSights,
  withAdmin,
  withMaintenance,
} from "../node-sights.ts";
import { redactAnswer } from "../redact-answer.ts";
import { remembered, type UpContext } from "../up/context.ts";
import { waitsMs } from "../up/waits.ts";

interface Facts {
  readonly sights: NodeSights;
  /** What will be erased, by node in maintenance. */
  readonly disks: ReadonlyMap<string, string>;
  /** The config that a configured node runs with, by node. */
  readonly running: ReadonlyMap<string, string>;
}

/**
 * Machine configs reach the machines. One in maintenance is installed: its disk is named, and erased. One that runs gets
 * what differs (a mirror whose address changed, say): control planes one at a time, then workers together.
 */
export const applyConfigs = definePhase<UpContext, Facts>({
  id: "apply",
  title: "Apply configs",
  observe: async (context, { signal, setAside }) => {
    const { site, world, ports } = context;
    const keys = remembered(context, "keys");
    const sights = await lookAtNodes(site, keys, { signal, ports, concurrency: world.concurrency });
    const disks = new Map<string, string>();
    const running = new Map<string, string>();
    const limit = pLimit(world.concurrency);
    const look = async (node: SiteNode) => {
      const kind = sights.get(node.name)?.kind;
      if (setAside.has(node.name)) return;
      if (kind === "maintenance") {
        const found = await withMaintenance(node, ports, async (client) => await readDisks(client, { signal }));
        disks.set(node.name, matchDisks(node.disk, found).map(describeDisk).join(" or "));
      }
      if (kind === "configured") {
        const config = await withAdmin(node, keys, ports, async (client) => await client.machineConfig({ signal }));
        if (config !== undefined) running.set(node.name, config);
      }
    };
    await Promise.all(site.nodes.map((node) => limit(async () => await look(node).catch(ignoreUnreachable))));
    return { sights, disks, running };
  },
  plan: planApply,
});

/** Changed control planes each in a wave of its own, then changed workers together, then machines in maintenance together. Pure. */
export function planApply(context: UpContext, facts: Facts): readonly Wave[] {
  const configs = remembered(context, "configs");
  const blank = context.site.nodes.filter(
    (node) => !facts.running.has(node.name) && facts.sights.get(node.name)?.kind !== "configured",
  );
  const differs = (node: SiteNode) =>
    facts.running.has(node.name) && facts.running.get(node.name) !== configs.get(node.name);
  const changedControlPlanes = controlPlanesOf(context.site).filter(differs);
  const changedWorkers = workersOf(context.site).filter(differs);
  const waves: Wave[] = [
    ...changedControlPlanes.map((node) => [changeConfig(context, node, facts)]),
    changedWorkers.map((node) => changeConfig(context, node, facts)),
    blank.map((node) => installNode(context, node, facts)),
  ];
  return waves.filter((wave) => wave.length > 0);
}

/** A machine that does not answer now shows up as a step that cannot be taken yet; anything else is a real error. */
function ignoreUnreachable(error: unknown): void {
  if (!isOperatorError(error, "NODE_UNREACHABLE")) throw error;
}

function installNode(context: UpContext, node: SiteNode, facts: Facts): Step {
  const disk = facts.disks.get(node.name);
  const config = remembered(context, "configs").get(node.name) ?? "";
  return {
    id: `apply/${node.name}`,
    title: disk === undefined ? `install ${node.name}, once it answers` : `install ${node.name}: ERASES ${disk}`,
    target: { kind: "node", name: node.name },
    effect: "destroy",
    inputs: { config: sha256Hex(config), disk: disk ?? "" },
    ...(disk === undefined ? { provisional: "after Find nodes" } : {}),
    mayBeSetAside: node.role === "worker",
    retries: MAX_TIMES - 1,
    apply: async (options) => {
      const { signal } = options;
      // Killed after an earlier apply that reached the machine: it is on its way already.
      const sight = await lookAtNode(node, remembered(context, "keys"), { signal, ports: context.ports });
      if (sight.kind === "configured") return;
      if (sight.kind === "foreign") throw sight.error;
      if (sight.kind === "unreachable") throw silent(node, sight.reason);
      await giveConfig(context, node, sight, options);
    },
    until: {
      description: `${node.name} has taken its config and left maintenance`,
      deadlineMs: waitsMs.answer,
      check: async ({ signal }) => {
        const sight = await lookAtNode(node, remembered(context, "keys"), { signal, ports: context.ports });
        const error = backInMaintenance(context.memory, node, sight);
        if (error !== undefined) return { kind: "failed", reason: error.message, error };
        return sight.kind === "maintenance" ? { kind: "waiting", reason: "still in maintenance" } : { kind: "ready" };
      },
    },
  };
}

/** Running with all its services, etcd among them on a control plane. */
function isServing(sight: NodeSight | undefined): boolean {
  if (sight?.kind !== "configured" || sight.stage !== "running") return false;
  return !sight.unmet.some((condition) => condition.startsWith("services:"));
}

/** A machine that was there a moment ago; it is called again. */
function silent(node: SiteNode, reason: string): OperatorError {
  return new OperatorError("NODE_UNREACHABLE", `${node.name} cannot be reached: ${reason}`, {
    where: { node: node.name },
    next: ["check power, cable and address of the node", "skerry up   goes on where it stopped"],
    retry: "same",
  });
}

function changeConfig(context: UpContext, node: SiteNode, facts: Facts): Step {
  // What served before must serve again before the next control plane is touched; one on its way up only has to answer.
  const served = isServing(facts.sights.get(node.name));
  const config = remembered(context, "configs").get(node.name) ?? "";
  return {
    id: `apply/${node.name}`,
    title: `change the config of ${node.name}`,
    target: { kind: "node", name: node.name },
    effect: "change",
    inputs: { config: sha256Hex(config) },
    mayBeSetAside: node.role === "worker",
    apply: async ({ signal, notice }) => {
      const result = await withAdmin(
        node,
        remembered(context, "keys"),
        context.ports,
        async (client) =>
          await client.applyConfiguration(
            { config, mode: "auto", redact: redactAnswer(remembered(context, "keys")) },
            { signal },
          ),
      );
      if (result.mode === "reboot") notice(`${node.name} reboots to take its config`);
      for (const warning of result.warnings) notice(`${node.name}: ${warning}`);
    },
    until: {
      description: `${node.name} ${served ? "serves again" : "answers"} with its new config`,
      deadlineMs: waitsMs.install,
      check: async ({ signal }) => {
        const sight = await lookAtNode(node, remembered(context, "keys"), { signal, ports: context.ports });
        if (sight.kind !== "configured")
          return { kind: "waiting", reason: sight.kind === "unreachable" ? sight.reason : sight.kind };
        if (served && !isServing(sight)) return { kind: "waiting", reason: [sight.stage, ...sight.unmet].join("; ") };
        return { kind: "ready" };
      },
    },
  };
}
