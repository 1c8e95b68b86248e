import { OperatorError } from "../../lib/errors/index.ts";
import type { SiteNode } from "../../site/index.ts";
import type { Step } from "../engine/index.ts";
import { definePhase } from "../engine/index.ts";
import { lookAtNode, lookAtNodes, type NodeSights } from "../node-sights.ts";
import { remembered, type UpContext } from "../up/context.ts";
import { nextForSilent } from "../up/next-steps.ts";
import { waitsMs } from "../up/waits.ts";

/** Every machine answers, and none belongs to another cluster. A worker that stays silent is set aside. */
export const findNodes = definePhase<UpContext, NodeSights>({
  id: "find-nodes",
  title: "Find nodes",
  observe: async (context, { signal }) =>
    await lookAtNodes(context.site, remembered(context, "keys"), {
      signal,
      ports: context.ports,
      concurrency: context.world.concurrency,
    }),
  plan: (context, sights) => {
    const foreign = [...sights].flatMap(([name, sight]) =>
      sight.kind === "foreign" ? [{ name, error: sight.error }] : [],
    );
    if (foreign.length > 0) {
      throw new OperatorError(
        "NODE_IN_OTHER_CLUSTER",
        `${foreign.map(({ name }) => name).join(", ")}: configured already, and not by the secrets of ${context.site.name}`,
        {
          where: { node: foreign[0]?.name ?? "" },
          problems: foreign.map(({ name, error }) => ({ message: error.message, where: { node: name } })),
          next: [
            "check the addresses in site.yaml: is this the machine that you mean?",
            "if it is, reset it so that it boots into maintenance, then run the command again",
          ],
        },
      );
    }
    const silent = context.site.nodes.filter((node) => sights.get(node.name)?.kind === "unreachable");
    return silent.length === 0 ? [] : [silent.map((node) => waitForAnswer(context, node))];
  },
});

function waitForAnswer(context: UpContext, node: SiteNode): Step {
  const address = node.maintenanceAddress ?? node.address;
  return {
    id: `find-nodes/${node.name}`,
    title: `wait for ${node.name} to answer at ${address}`,
    target: { kind: "node", name: node.name },
    effect: "wait",
    inputs: { address },
    mayBeSetAside: node.role === "worker",
    apply: async () => {},
    until: {
      description: `${node.name} answers on port 50000`,
      deadlineMs: waitsMs.answer,
      next: nextForSilent(node, address),
      check: async ({ signal }) => {
        const sight = await lookAtNode(node, remembered(context, "keys"), { signal, ports: context.ports });
        if (sight.kind === "foreign") return { kind: "failed", reason: sight.error.message, error: sight.error };
        if (sight.kind !== "unreachable") return { kind: "ready" };
        return {
          kind: "waiting",
          reason: `${sight.reason}; is it powered on, booted from Talos, and on this network?`,
        };
      },
    },
  };
}
