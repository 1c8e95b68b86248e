import { OperatorError } from "../../lib/errors/index.ts";
import { applyGoTemplate, createMask, sensitiveTexts, templateValues } from "../templates/index.ts";
import type { Action, ClusterWait, NetworkWait } from "./action.ts";
import type { ActionContext } from "./action-context.ts";
import { fillField } from "./action-environment.ts";
import { clusterLook } from "./cluster-look.ts";
import { actionTitle } from "./effective-action.ts";
import { networkLook } from "./network-look.ts";
import { poll } from "./poll.ts";

/** Waits as an action says: 300 seconds, or its own `maxTotalSeconds`. */
export async function runWait(action: Action, context: ActionContext): Promise<void> {
  const { clock, signal, onEvent, builtIns } = context;
  const seconds = action.maxTotalSeconds ?? 0;
  const values = templateValues(context.scope.now(), builtIns);
  const mask = createMask(sensitiveTexts(values.values()));
  const wait = await filled(action, context);
  const title = mask(actionTitle({ ...action, wait }));
  onEvent?.({ kind: "started", title, attempt: 1, attempts: 1 });
  const look = lookOf(wait, title, context);
  await poll(look, {
    title,
    seconds: seconds > 0 ? seconds : undefined,
    clock,
    signal,
    onReason: (reason) => onEvent?.({ kind: "waiting", title, reason: mask(reason) }),
  });
  onEvent?.({ kind: "succeeded", title });
}

function lookOf(
  { cluster, network }: NonNullable<Action["wait"]>,
  title: string,
  context: ActionContext,
): (signal: AbortSignal) => Promise<string | undefined> {
  if (network !== undefined) return networkLook(network, context.network);
  if (cluster === undefined)
    throw new OperatorError("ACTION_UNSUPPORTED", `${title}: it says neither cluster nor network`);
  if (context.cluster !== undefined) return clusterLook(cluster, context.cluster);
  throw new OperatorError("ACTION_UNSUPPORTED", `${title}: there is no cluster to look at`, {
    next: ["--site FILE   names a site that is up", "--kubeconfig FILE   names a cluster"],
  });
}

/** The wait with variables in it, and with templates where it is one. */
async function filled(action: Action, context: ActionContext): Promise<NonNullable<Action["wait"]>> {
  const { engine, builtIns, state, signal } = context;
  const scope = context.scope.now();
  const values = templateValues(scope, builtIns);
  const fill = async (text: string): Promise<string> => {
    const plain = fillField(text, values);
    if (action.template !== true) return plain;
    return await applyGoTemplate(
      engine,
      { name: actionTitle(action), text: plain, scope, state, builtIns },
      { signal },
    );
  };
  const { cluster, network } = action.wait ?? {};
  return {
    ...(cluster === undefined ? {} : { cluster: await filledCluster(cluster, fill) }),
    ...(network === undefined ? {} : { network: await filledNetwork(network, fill) }),
  };
}

type Fill = (text: string) => Promise<string>;

async function filledCluster({ kind, name, namespace, condition }: ClusterWait, fill: Fill): Promise<ClusterWait> {
  return {
    kind: await fill(kind),
    name: await fill(name),
    namespace: await fill(namespace ?? ""),
    condition: await fill(condition ?? ""),
  };
}

async function filledNetwork({ protocol, address, code }: NetworkWait, fill: Fill): Promise<NetworkWait> {
  return { protocol: await fill(protocol), address: await fill(address), code };
}
