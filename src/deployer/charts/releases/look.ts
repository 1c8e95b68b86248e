import pMap from "p-map";
import { type KubeObject, objectName, records, refOf } from "../../../kube/index.ts";
import { type ErrorCode, isOperatorError, OperatorError } from "../../../lib/errors/index.ts";
import { applyFromClient } from "./client-side.ts";
import { isSameObject } from "./compare.ts";
import { releaseOf } from "./errors.ts";
import { judgeAs } from "./managed-fields.ts";
import { foreignBecause } from "./ownership.ts";
import { nameOf } from "./read-manifest.ts";
import { concurrency, fieldManager, type Session } from "./session.ts";

/** What an object of the release meets in the cluster. */
export interface Sight {
  /** As it is to be applied. */
  readonly object: KubeObject;
  readonly live?: KubeObject;
  readonly outcome: "created" | "configured" | "unchanged";
  /** What the server would make of it; absent where it was not asked or could not say. */
  readonly wouldBe?: KubeObject;
  /** Why it exists already but is somebody else's. */
  readonly foreign?: string;
  /** The server's refusal of the change: a conflict of fields or an invalid change. */
  readonly refusal?: OperatorError;
  /** The server could not judge it yet, or not without side effects: "after Namespace/demo". */
  readonly provisional?: string;
}

export interface LookOptions {
  readonly isServerSide: boolean;
  readonly forceConflicts: boolean;
  readonly takeOwnership: boolean;
  /** The object as the deployed revision has it: such an object needs no marks to be ours. */
  readonly deployed: (object: KubeObject) => KubeObject | undefined;
  /** Ask the server about new objects as well; a deployment finds out by applying them. */
  readonly isPlan: boolean;
}

/** Looks at every object of a release, and asks by server-side dry run what applying would change. Writes nothing. */
export async function lookAt(
  objects: readonly KubeObject[],
  session: Session,
  options: LookOptions,
): Promise<readonly Sight[]> {
  return pMap(objects, (object) => lookAtOne(object, session, options), { concurrency, signal: session.signal });
}

async function lookAtOne(object: KubeObject, session: Session, options: LookOptions): Promise<Sight> {
  const { cluster, signal } = session;
  const asks = options.isPlan;
  if (object.metadata.name === undefined) return { object, outcome: "created" };
  let live: KubeObject;
  try {
    live = await cluster.get(refOf(object), { signal });
  } catch (error) {
    if (isOperatorError(error, "KUBE_KIND_UNKNOWN"))
      return { object, outcome: "created", provisional: "after its CustomResourceDefinition" };
    if (!isOperatorError(error, "KUBE_NOT_FOUND")) throw error;
    return asks ? judge({ object, outcome: "created" }, session, options) : { object, outcome: "created" };
  }
  if (live.metadata.deletionTimestamp !== undefined)
    return { object, live, outcome: "created", provisional: `after ${objectName(live)} of before is gone` };
  const foreign =
    options.takeOwnership || options.deployed(object) !== undefined ? undefined : foreignBecause(live, session.owner);
  const sight: Sight = { object, live, outcome: "configured", ...(foreign === undefined ? {} : { foreign }) };
  return foreign === undefined ? judge(sight, session, options) : sight;
}

/** What the server may say of a dry run without meaning the deed. */
const judgements: readonly ErrorCode[] = [
  "KUBE_CONFLICT",
  "KUBE_INVALID",
  "KUBE_REFUSED",
  "KUBE_FORBIDDEN",
  "KUBE_NAMESPACE_TERMINATING",
];

async function judge(sight: Sight, session: Session, options: LookOptions): Promise<Sight> {
  const { cluster, signal } = session;
  const { object, live } = sight;
  const before = options.deployed(object);
  const as = judgeAs(records(live?.metadata["managedFields"]));
  const isTelling = !options.isServerSide || as !== undefined;
  try {
    const wouldBe = options.isServerSide
      ? await cluster.apply(object, {
          fieldManager: as ?? fieldManager,
          dryRun: true,
          force: options.forceConflicts || as === undefined,
          signal,
        })
      : await applyFromClient(object, { live, before, cluster, signal, dryRun: true });
    // What several have written keeps fields that the chart has dropped, until they are ours.
    const isKnown = isTelling || (before !== undefined && isSameObject(before, object));
    const isUnchanged = live !== undefined && isKnown && isSameObject(live, wouldBe);
    return { ...sight, wouldBe, outcome: isUnchanged ? "unchanged" : sight.outcome };
  } catch (error) {
    if (!isOperatorError(error)) throw error;
    const isRefusal = error.code === "KUBE_CONFLICT" || error.code === "KUBE_INVALID";
    if (isTelling && isRefusal && error.problems.length > 0) return { ...sight, refusal: error };
    if (error.code === "KUBE_NOT_FOUND" && live === undefined)
      return { ...sight, provisional: `after Namespace/${object.metadata.namespace ?? ""}` };
    // A webhook that cannot be asked without side effects, a quota: only the deed itself shows.
    if (judgements.includes(error.code)) return { ...sight, provisional: error.message };
    throw error;
  }
}

/** @throws OperatorError RELEASE_OWNED_BY_OTHERS with every object that is somebody else's */
export function refuseForeign(sights: readonly Sight[], { owner }: Session): void {
  const foreign = sights.filter((sight) => sight.foreign !== undefined);
  const [first] = foreign;
  if (first === undefined) return;
  const many = foreign.length === 1 ? "" : ` (and ${foreign.length - 1} more)`;
  throw new OperatorError(
    "RELEASE_OWNED_BY_OTHERS",
    `${releaseOf(owner)}: ${nameOf(first.object)} exists already, and ${first.foreign ?? ""}${many}`,
    {
      where: { object: nameOf(first.object) },
      next: ["--take-ownership    makes these objects part of the release"],
      retry: "later",
      problems: foreign.map((sight) => ({
        message: `${nameOf(sight.object)}: ${sight.foreign ?? ""}`,
        where: { object: nameOf(sight.object) },
      })),
    },
  );
}
