import { type KubeObject, objectName, readiness, refOf } from "../../kube/index.ts";
import { systemClock } from "../../lib/clock.ts";
import { withDeadline } from "../../lib/deadline.ts";
import { isOperatorError } from "../../lib/errors/index.ts";
import { look, type ObjectOutcome } from "./look.ts";
import { findRecord, missingNamespaces, outcomeOf, type PackageOutcome } from "./plan.ts";
import { namespaceObject, type PackageRequest, type Prepared, prepare } from "./prepare.ts";
import { type ComponentStatus, deploymentRecord, isSameRecord, recordSecret } from "./record.ts";

/** A kind is served within a moment of its definition; beyond this something is wrong with the definition. */
const servedWithinMs = 30_000;
const recordWithinMs = 5_000;

export interface DeployRequest extends PackageRequest {
  /** Told after every object, in order. */
  readonly onProgress?: (outcome: ObjectOutcome) => void;
}

/**
 * Deploys a package: namespaces first, then component by component what the server says has drifted, then the record. What is
 * as it should be is not written. Safe to repeat; after an interrupt the next call goes on. Waiting for readiness is
 * `waitPackageReady`.
 *
 * @throws OperatorError PACKAGE_…, KUBE_…; what was applied before stays
 */
export async function deployPackage(request: DeployRequest): Promise<PackageOutcome> {
  const { pkg, cluster, signal } = request;
  const prepared = await prepare(request);
  const { components } = prepared;
  const before = await findRecord(request);
  const outcomes: ObjectOutcome[] = [];
  const tell = (outcome: ObjectOutcome) => {
    outcomes.push(outcome);
    request.onProgress?.(outcome);
  };
  const write = async (statuses: readonly ComponentStatus[], options: { readonly signal: AbortSignal }) => {
    const value = deploymentRecord(pkg, components, { before, statuses });
    // The record is shared with Zarf: whoever deploys last writes it whole.
    await cluster.apply(recordSecret(pkg, value), { ...options, force: true });
  };

  await bringNamespaces(request, prepared, tell);
  const done: ComponentStatus[] = [];
  for (const component of components) {
    let isWriting = false;
    try {
      for (const object of component.objects) {
        signal.throwIfAborted();
        const found = await look(object, { cluster, signal, defined: prepared.defined, coming: new Set() });
        if (found.outcome !== "unchanged") {
          if (!isWriting) await write([...done, "Deploying"], { signal });
          isWriting = true;
          await applyWhenServed(object, request, prepared);
        }
        tell({ object: found.object, outcome: found.outcome });
      }
    } catch (error) {
      if (isWriting && !signal.aborted) await recordFailure(() => write([...done, "Failed"], freshSignal()));
      throw error;
    }
    done.push("Succeeded");
  }

  const after = deploymentRecord(pkg, components, { before, statuses: done });
  const wasWritten = outcomes.some(({ outcome }) => outcome !== "unchanged");
  if (!wasWritten && isSameRecord(before, after)) return outcomeOf(outcomes, "unchanged");
  await write(done, { signal });
  return outcomeOf(outcomes, before === undefined ? "created" : "configured");
}

const freshSignal = () => ({ signal: AbortSignal.timeout(recordWithinMs) });

/** The failure that stopped the deployment is what the operator must see, whether or not it could be recorded. */
async function recordFailure(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!isOperatorError(error)) throw error;
  }
}

async function bringNamespaces(
  request: PackageRequest,
  { declared, needed, defined }: Prepared,
  tell: (outcome: ObjectOutcome) => void,
): Promise<void> {
  const { cluster, signal } = request;
  for (const name of await missingNamespaces(request, needed)) {
    try {
      await cluster.create(namespaceObject(name), { signal });
      tell({ object: `Namespace/${name}`, outcome: "created" });
    } catch (error) {
      // Somebody else made it between the look and now: it is there, which is what was wanted.
      if (!isOperatorError(error, "KUBE_ALREADY_EXISTS")) throw error;
    }
  }
  for (const namespace of declared) {
    const found = await look(namespace, { cluster, signal, defined, coming: new Set() });
    if (found.outcome !== "unchanged") await cluster.apply(namespace, { signal });
    tell(found);
  }
}

/** Applies an object; of a kind that the package itself defines, waits until the server has begun to serve it. */
async function applyWhenServed(object: KubeObject, request: PackageRequest, { defined }: Prepared): Promise<void> {
  const { cluster, signal: outer } = request;
  const isDefinition = object.kind === "CustomResourceDefinition";
  if (!isDefinition && !defined.has(`${object.apiVersion} ${object.kind}`)) {
    await cluster.apply(object, { signal: outer });
    return;
  }
  const what = `${objectName(object)} to be served`;
  await withDeadline(servedWithinMs, { signal: outer, what }, async (signal) => {
    for (;;) {
      try {
        await cluster.apply(object, { signal });
        if (!isDefinition || readiness(await cluster.get(refOf(object), { signal })).status === "current") return;
      } catch (error) {
        const mayCome = isOperatorError(error, "KUBE_KIND_UNKNOWN") || isOperatorError(error, "KUBE_NOT_FOUND");
        if (isDefinition || !mayCome) throw error;
      }
      await systemClock.sleep(200, { signal });
    }
  });
}
