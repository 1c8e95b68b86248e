import { type Cluster, objectName } from "../../kube/index.ts";
import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import { readinessOfObjects } from "./await-objects.ts";
import { recordedObjects } from "./recorded-objects.ts";

/**
 * A release that did not become ready, with what holds the Pods of its workloads back: a workload that has given up says only
 * that it has. Any other error as it is.
 */
export async function withPodReasons(
  error: unknown,
  cluster: Cluster,
  release: { readonly name: string; readonly namespace: string },
  { signal }: { readonly signal: AbortSignal },
): Promise<unknown> {
  if (!isOperatorError(error, "RELEASE_NOT_READY")) return error;
  const late = new Set(error.problems.map(({ where }) => where?.object));
  try {
    const refs = (await recordedObjects(cluster, release, { signal })) ?? [];
    const { objects } = await readinessOfObjects(
      { cluster, signal },
      refs.filter((ref) => late.has(objectName(ref))),
    );
    const more = objects.filter(({ status, message }) => status !== "current" && !error.message.includes(message));
    if (more.length === 0) return error;
    const { code, where, next, retry, cause } = error;
    const said = more.map(({ object, message }) => `${object}: ${message}`).join("; ");
    const problems = more.map(({ object, message }) => ({ message: `${object}: ${message}`, where: { object } }));
    const others = error.problems.filter(({ where: at }) => !more.some(({ object }) => object === at?.object));
    return new OperatorError(code, `${error.message}; ${said}`, {
      where,
      next,
      retry,
      cause,
      problems: [...problems, ...others],
    });
  } catch (failure) {
    // What is known already must not be lost for more of it.
    if (isOperatorError(failure)) return error;
    throw failure;
  }
}
