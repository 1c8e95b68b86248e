import type { SiteNode } from "../../site/index.ts";
import { type ConditionState, definePhase, type Step } from "../engine/index.ts";
import { lookAtNode, lookAtNodes, type NodeSight, type NodeSights } from "../node-sights.ts";
import { remembered, type UpContext } from "../up/context.ts";
import { nextAtNode } from "../up/next-steps.ts";
import { quietMirror } from "../up/quiet-mirror.ts";
import { waitsMs } from "../up/waits.ts";
import { whileItPulls } from "../up/while-mirror-serves.ts";

/** Talos' own health: every machine runs, and what it lacks is at most the pod network, which comes later. */
export const waitForTalos = definePhase<UpContext, NodeSights>({
  id: "talos-health",
  title: "Wait for Talos",
  observe: async (context, { signal }) =>
    await lookAtNodes(context.site, remembered(context, "keys"), {
      signal,
      ports: context.ports,
      concurrency: context.world.concurrency,
    }),
  plan: (context, sights) => {
    const late = context.site.nodes.filter((node) => healthOf(sights.get(node.name)).kind !== "ready");
    return late.length === 0 ? [] : [late.map((node) => waitForHealth(context, node, sights.get(node.name)))];
  },
});

/** Conditions that the packages and the pod network satisfy, not Talos. */
const later = ["nodeReady:", "staticPods:"];

function healthOf(sight: NodeSight | undefined): ConditionState {
  if (sight === undefined) return { kind: "waiting", reason: "not looked at" };
  if (sight.kind === "foreign") return { kind: "failed", reason: sight.error.message, error: sight.error };
  if (sight.kind === "unreachable") return { kind: "waiting", reason: sight.reason };
  if (sight.kind === "maintenance") return { kind: "waiting", reason: "in maintenance" };
  if (sight.stage !== "running") return { kind: "waiting", reason: [sight.stage, ...sight.unmet].join("; ") };
  const unmet = sight.unmet.filter((condition) => !later.some((name) => condition.startsWith(name)));
  return unmet.length === 0 ? { kind: "ready" } : { kind: "waiting", reason: unmet.join("; ") };
}

function waitForHealth(context: UpContext, node: SiteNode, sight: NodeSight | undefined): Step {
  const quiet = quietMirror(context, node);
  return {
    id: `talos-health/${node.name}`,
    title: `wait for the services of ${node.name}`,
    target: { kind: "node", name: node.name },
    effect: "wait",
    inputs: {},
    ...(sight?.kind === "configured" ? {} : { provisional: "after Bootstrap etcd" }),
    mayBeSetAside: node.role === "worker",
    apply: async () => {},
    until: whileItPulls(context, node, {
      description: `${node.name} runs with all its services`,
      deadlineMs: waitsMs.health,
      next: nextAtNode(node),
      check: async ({ signal }) => {
        const state = healthOf(await lookAtNode(node, remembered(context, "keys"), { signal, ports: context.ports }));
        return state.kind === "waiting" ? { kind: "waiting", reason: `${state.reason}${quiet()}` } : state;
      },
    }),
  };
}
