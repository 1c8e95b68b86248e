import { type Cluster, record } from "../../kube/index.ts";
import { isOperatorError } from "../../lib/errors/index.ts";
import { type ClusterState, stateNamespace } from "./cluster-state.ts";
import { parseState } from "./parse-state.ts";

/**
 * The state that `zarf init` (or whoever initialised the cluster) left; undefined where nobody did.
 *
 * @throws OperatorError STATE_INVALID, KUBE_…
 */
export async function readState(
  cluster: Pick<Cluster, "get">,
  call: { readonly signal: AbortSignal },
): Promise<ClusterState | undefined> {
  const ref = { apiVersion: "v1", kind: "Secret", namespace: stateNamespace, name: "zarf-state" };
  try {
    const secret = await cluster.get(ref, call);
    const base64 = record(secret["data"])?.["state"];
    return parseState(typeof base64 === "string" ? Buffer.from(base64, "base64").toString("utf8") : "");
  } catch (error) {
    if (isOperatorError(error, "KUBE_NOT_FOUND")) return undefined;
    throw error;
  }
}
