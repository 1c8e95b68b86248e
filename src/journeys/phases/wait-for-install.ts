import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import { matchDisks, type SiteNode } from "../../site/index.ts";
import { backInMaintenance, lostItsConfig } from "../back-in-maintenance.ts";
import { type ConditionState, definePhase, type Step } from "../engine/index.ts";
import { failedInstallation } from "../failed-installation.ts";
import { giveConfig, MAX_TIMES } from "../give-config.ts";
import { describeDisk, readDisks } from "../node-disks.ts";
import { lookAtNode, lookAtNodes, type NodeSights, withAdmin } from "../node-sights.ts";
import { remembered, type UpContext } from "../up/context.ts";
import { nextAtNode } from "../up/next-steps.ts";
import { quietMirror } from "../up/quiet-mirror.ts";
import { waitsMs } from "../up/waits.ts";
import { whileItPulls } from "../up/while-mirror-serves.ts";

/** Machines install, reboot, and answer with the site's identity; then the disk they chose is read back. */
export const waitForInstall = definePhase<UpContext, NodeSights>({
  id: "install",
  title: "Wait for install and reboot",
  observe: async (context, { signal }) =>
    await lookAtNodes(context.site, remembered(context, "keys"), {
      signal,
      ports: context.ports,
      concurrency: context.world.concurrency,
    }),
  plan: (context, sights) => {
    const late = context.site.nodes.filter((node) => !hasBooted(sights.get(node.name)?.kind, stageOf(sights, node)));
    return late.length === 0 ? [] : [late.map((node) => waitForBoot(context, node, sights))];
  },
});

function stageOf(sights: NodeSights, node: SiteNode): string {
  const sight = sights.get(node.name);
  return sight?.kind === "configured" ? sight.stage : "";
}

function hasBooted(kind: string | undefined, stage: string): boolean {
  return kind === "configured" && (stage === "booting" || stage === "running");
}

function waitForBoot(context: UpContext, node: SiteNode, sights: NodeSights): Step {
  const quiet = quietMirror(context, node);
  return {
    id: `install/${node.name}`,
    title: `wait for ${node.name} to install and boot from its disk`,
    target: { kind: "node", name: node.name },
    effect: "wait",
    inputs: { disk: { ...node.disk } },
    ...(sights.get(node.name)?.kind === "maintenance" ? { provisional: "after Apply configs" } : {}),
    mayBeSetAside: node.role === "worker",
    retries: MAX_TIMES - 1,
    apply: async (options) => {
      const sight = await lookAtNode(node, remembered(context, "keys"), { ...options, ports: context.ports });
      const error = backInMaintenance(context.memory, node, sight);
      if (error === undefined || sight.kind !== "maintenance") return;
      if (error.retry !== "same") throw error;
      await giveConfig(context, node, sight, options);
    },
    until: whileItPulls(context, node, {
      description: `${node.name} runs from its disk`,
      deadlineMs: waitsMs.install,
      next: nextAtNode(node),
      check: async ({ signal }) => {
        const sight = await lookAtNode(node, remembered(context, "keys"), { signal, ports: context.ports });
        switch (sight.kind) {
          case "foreign":
            return { kind: "failed", reason: sight.error.message, error: sight.error };
          case "maintenance": {
            const isOurs = context.memory.given?.has(node.name) ?? false;
            const error = isOurs ? backInMaintenance(context.memory, node, sight) : lostItsConfig(node);
            if (error !== undefined) return { kind: "failed", reason: error.message, error };
            return { kind: "waiting", reason: `still in maintenance${quiet()}` };
          }
          case "unreachable":
            return { kind: "waiting", reason: `${sight.reason}${quiet()}` };
          case "configured": {
            if (hasBooted(sight.kind, sight.stage)) return await diskReadBack(context, node, signal);
            const error =
              sight.stage === "installing" ? await failedInstallation(context, node, { signal }) : undefined;
            if (error !== undefined) return { kind: "failed", reason: error.message, error };
            return { kind: "waiting", reason: `${sight.stage}${quiet()}` };
          }
        }
      },
    }),
  };
}

/** The machine was told a selector; what it really installed on is asked, not assumed. */
async function diskReadBack(context: UpContext, node: SiteNode, signal: AbortSignal): Promise<ConditionState> {
  try {
    return await withAdmin(
      node,
      remembered(context, "keys"),
      context.ports,
      async (client): Promise<ConditionState> => {
        const system = await client.systemDisk({ signal });
        if (system === undefined) return { kind: "waiting", reason: "booted, but not from an installed disk yet" };
        const disks = await readDisks(client, { signal });
        const chosen = disks.find((disk) => disk.devPath === system.devPath);
        if (chosen === undefined || matchDisks(node.disk, [chosen]).length === 1) return { kind: "ready" };
        const error = new OperatorError(
          "NODE_DISK_WRONG",
          `${node.name} was installed on ${describeDisk(chosen)}, which is not the disk that site.yaml names`,
          {
            where: { node: node.name },
            next: [`skerry nodes disks ${node.name}     compare its disks with site.yaml`],
          },
        );
        return { kind: "failed", reason: error.message, error };
      },
    );
  } catch (error) {
    if (isOperatorError(error)) return { kind: "waiting", reason: error.message };
    throw error;
  }
}
