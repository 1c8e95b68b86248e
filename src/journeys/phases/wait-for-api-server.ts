import { isOperatorError } from "../../lib/errors/index.ts";
import { type ConditionState, definePhase } from "../engine/index.ts";
import type { UpContext } from "../up/context.ts";
import { waitsMs } from "../up/waits.ts";
import { whileMirrorServes } from "../up/while-mirror-serves.ts";
import { kubeconfigFile } from "./fetch-kubeconfig.ts";

/** The API server answers at the site's endpoint; later phases use the connection that is opened here. */
export const waitForApiServer = definePhase<UpContext, ConditionState>({
  id: "api-server",
  title: "Wait for the API server",
  observe: async (context, { signal }) => {
    await connect(context);
    return await stateOf(context, signal);
  },
  plan: (context, state) =>
    state.kind === "ready"
      ? []
      : [
          [
            {
              id: "api-server/endpoint",
              title: `wait for https://${context.site.endpoint}:6443`,
              target: { kind: "cluster", name: context.site.name },
              effect: "wait",
              inputs: { endpoint: context.site.endpoint },
              ...(context.memory.cluster === undefined ? { provisional: "after Fetch kubeconfig" } : {}),
              apply: async () => {},
              until: whileMirrorServes(context, {
                description: "the API server is ready",
                deadlineMs: waitsMs.apiServer,
                check: async ({ signal }) => await stateOf(context, signal),
              }),
            },
          ],
        ],
  close: async (context) => {
    await context.memory.cluster?.close();
    delete context.memory.cluster;
  },
});

async function connect(context: UpContext): Promise<void> {
  if (context.memory.cluster !== undefined) return;
  const kubeconfigYaml = await context.ports.texts.find(kubeconfigFile(context.stateFolder));
  if (kubeconfigYaml === undefined) return;
  const cluster = context.ports.connectCluster({ kubeconfigYaml });
  const streams = context.ports.connectStreams?.({ kubeconfigYaml }, cluster);
  Object.assign(context.memory, { cluster, ...(streams === undefined ? {} : { streams }) });
}

async function stateOf(context: UpContext, signal: AbortSignal): Promise<ConditionState> {
  const { cluster } = context.memory;
  if (cluster === undefined) return { kind: "waiting", reason: "no kubeconfig yet" };
  try {
    const { isReady, failing } = await cluster.readyz({ signal });
    return isReady ? { kind: "ready" } : { kind: "waiting", reason: `not ready: ${failing.join(", ")}` };
  } catch (error) {
    signal.throwIfAborted();
    if (isOperatorError(error)) return { kind: "waiting", reason: error.message };
    throw error;
  }
}
