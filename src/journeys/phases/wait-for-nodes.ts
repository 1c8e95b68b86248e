import type { KubeObject } from "../../kube/index.ts";
import { isOperatorError } from "../../lib/errors/index.ts";
import type { SiteNode } from "../../site/index.ts";
import { type ConditionState, definePhase, type Step } from "../engine/index.ts";
import { nodeReadiness } from "../node-readiness.ts";
import { remembered, type UpContext } from "../up/context.ts";
import { namingCutOff } from "../up/cut-off.ts";
import { lackedImages } from "../up/lacked-images.ts";
import { nextInCluster } from "../up/next-steps.ts";
import { waitsMs } from "../up/waits.ts";
import { whileMirrorServes } from "../up/while-mirror-serves.ts";

type Facts = ReadonlyMap<string, KubeObject> | undefined;

/** Kubernetes calls every node Ready. Without a pod network (cni: none) it never will, and being registered is enough. */
export const waitForNodes = definePhase<UpContext, Facts>({
  id: "nodes-ready",
  title: "Wait for Ready nodes",
  observe: async (context, { signal }) => await kubeNodes(context, signal).catch(unknownYet),
  plan: (context, nodes) => {
    const late = context.site.nodes.filter((node) => stateOf(context, nodes, node).kind !== "ready");
    return late.length === 0 ? [] : [late.map((node) => waitForReady(context, node, nodes === undefined))];
  },
});

/** In a dry run there may be no API server to ask; that is shown as a step that cannot be known yet. */
function unknownYet(error: unknown): undefined {
  if (isOperatorError(error)) return undefined;
  throw error;
}

async function kubeNodes(context: UpContext, signal: AbortSignal): Promise<Facts> {
  const { cluster } = context.memory;
  if (cluster === undefined) return undefined;
  const { items } = await cluster.list({ apiVersion: "v1", kind: "Node" }, { signal });
  return new Map(items.map((item) => [item.metadata.name ?? "", item]));
}

function stateOf(context: UpContext, nodes: Facts, node: SiteNode): ConditionState {
  const found = nodes?.get(node.name);
  if (found === undefined) return { kind: "waiting", reason: "not registered" };
  if (context.site.cni === "none") return { kind: "ready" };
  return nodeReadiness(found);
}

function waitForReady(context: UpContext, node: SiteNode, provisional: boolean): Step {
  return {
    id: `nodes-ready/${node.name}`,
    title: `wait for ${node.name} to be Ready`,
    target: { kind: "node", name: node.name },
    effect: "wait",
    inputs: {},
    ...(provisional ? { provisional: "after Wait for the API server" } : {}),
    mayBeSetAside: node.role === "worker",
    apply: async () => {},
    // A worker has no etcd to be asked.
    until: namingCutOff(
      context,
      node.role === "controlplane" ? [node] : [],
      whileMirrorServes(context, {
        description: `Kubernetes calls ${node.name} Ready`,
        deadlineMs: waitsMs.nodeReady,
        next: nextInCluster,
        check: async ({ signal }) => {
          const found = await remembered(context, "cluster").list(
            { apiVersion: "v1", kind: "Node", fieldSelector: `metadata.name=${node.name}` },
            { signal },
          );
          const state = stateOf(context, new Map(found.items.map((item) => [item.metadata.name ?? "", item])), node);
          if (state.kind !== "waiting") return state;
          // A pod network that cannot be pulled is why a node is never Ready.
          const lacked = await lackedImages(remembered(context, "cluster"), { signal, node: node.name });
          return { ...state, reason: [state.reason, ...lacked].join("; ") };
        },
      }),
    ),
  };
}
