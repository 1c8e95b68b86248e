import { type Cluster, objectName, readiness, record } from "../../kube/index.ts";
import { isOperatorError } from "../../lib/errors/index.ts";
import { type ConditionState, definePhase } from "../engine/index.ts";
import { remembered, type UpContext } from "../up/context.ts";
import { lackedImages } from "../up/lacked-images.ts";
import { nextInCluster } from "../up/next-steps.ts";
import { waitsMs } from "../up/waits.ts";
import { whileMirrorServes } from "../up/while-mirror-serves.ts";

const MAX_PODS = 3;
const system = { apiVersion: "v1", kind: "Pod", namespace: "kube-system" } as const;

interface Facts {
  readonly state: ConditionState;
  readonly setAside: ReadonlySet<string>;
}

/**
 * Everything in kube-system runs on the nodes that are there: kube-proxy, CoreDNS, the pod network. A node is Ready without them, and a
 * laptop that leaves before they were pulled takes their images with it: after a power cut they would never come back.
 */
export const waitForSystemPods = definePhase<UpContext, Facts>({
  id: "system-pods",
  title: "Wait for the cluster's own pods",
  observe: async (context, { signal, setAside }) => {
    try {
      return { state: await stateOf(context, setAside, signal), setAside };
    } catch (error) {
      // In a dry run there may be no API server to ask.
      if (!isOperatorError(error)) throw error;
      return { state: { kind: "waiting", reason: error.message }, setAside };
    }
  },
  plan: (context, { state, setAside }) =>
    state.kind === "ready"
      ? []
      : [
          [
            {
              id: "system-pods/kube-system",
              title: "wait for the pods of kube-system",
              target: { kind: "cluster", name: context.site.name },
              effect: "wait",
              inputs: {},
              ...(context.memory.cluster === undefined ? { provisional: "after Wait for the API server" } : {}),
              apply: async () => {},
              until: whileMirrorServes(context, {
                description: "every pod of kube-system is Ready",
                deadlineMs: waitsMs.systemPods,
                next: nextInCluster,
                check: async ({ signal }) => {
                  const now = await stateOf(context, setAside, signal);
                  if (now.kind !== "waiting") return now;
                  const lacked = await lackedImages(remembered(context, "cluster"), { signal });
                  return { ...now, reason: [now.reason, ...lacked].join("; ") };
                },
              }),
            },
          ],
        ],
});

async function stateOf(
  context: UpContext,
  setAside: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ConditionState> {
  const { cluster } = context.memory;
  if (cluster === undefined) return { kind: "waiting", reason: "no kubeconfig yet" };
  // Without a pod network most of them cannot start, and whoever brings it comes later.
  if (context.site.cni === "none") return { kind: "ready" };
  const late = await latePods(cluster, setAside, signal);
  if (late.length === 0) return { kind: "ready" };
  const more = late.length > MAX_PODS ? ` and ${late.length - MAX_PODS} more` : "";
  return { kind: "waiting", reason: `${late.slice(0, MAX_PODS).join("; ")}${more}` };
}

/** Pods that are not Ready, but for those on nodes that were set aside. */
async function latePods(
  cluster: Cluster,
  setAside: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { items } = await cluster.list(system, { signal });
  return items.flatMap((pod) => {
    const node = record(pod["spec"])?.["nodeName"];
    if (typeof node === "string" && setAside.has(node)) return [];
    const { status, message } = readiness(pod);
    return status === "current" || status === "terminating" ? [] : [`${objectName(pod)}: ${message}`];
  });
}
