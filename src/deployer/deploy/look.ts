import { type Cluster, type KubeObject, objectName, refOf } from "../../kube/index.ts";
import { isOperatorError } from "../../lib/errors/index.ts";
import { findObject, isUnchanged, type Outcome } from "./compare.ts";
import type { Prepared } from "./prepare.ts";

export interface ObjectOutcome {
  /** `Kind/namespace/name` */
  readonly object: string;
  readonly outcome: Outcome;
  /** The server could not judge it yet, because of what comes before: "after Namespace/demo". */
  readonly provisional?: string;
}

export interface LookOptions {
  readonly cluster: Cluster;
  readonly signal: AbortSignal;
  readonly defined: Prepared["defined"];
  /** Namespaces that do not exist yet and will. */
  readonly coming: ReadonlySet<string>;
}

/** Asks the server what applying an object would do; writes nothing. */
export async function look(object: KubeObject, options: LookOptions): Promise<ObjectOutcome> {
  const { cluster, signal } = options;
  const name = objectName(object);
  const namespace = object.metadata.namespace ?? "";
  if (options.coming.has(namespace))
    return { object: name, outcome: "created", provisional: `after Namespace/${namespace}` };
  try {
    const live = await findObject(cluster, refOf(object), { signal });
    const wouldBe = await cluster.apply(object, { signal, dryRun: true });
    if (live === undefined) return { object: name, outcome: "created" };
    return { object: name, outcome: isUnchanged(live, wouldBe) ? "unchanged" : "configured" };
  } catch (error) {
    const isComing = options.defined.has(`${object.apiVersion} ${object.kind}`);
    if (isComing && isOperatorError(error, "KUBE_KIND_UNKNOWN"))
      return { object: name, outcome: "created", provisional: "after its CustomResourceDefinition" };
    throw error;
  }
}
