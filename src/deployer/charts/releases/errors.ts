import type { KubeObject } from "../../../kube/index.ts";
import { type ErrorCode, isOperatorError, OperatorError, type Problem } from "../../../lib/errors/index.ts";
import type { Owner } from "./ownership.ts";
import { nameOf } from "./read-manifest.ts";

export const releaseOf = ({ namespace, name }: Owner): string => `release ${namespace}/${name}`;

/** The words of a failure without its first part, which repeats the verb and the object. */
function reasonOf(error: OperatorError, object: string): string {
  const at = error.message.indexOf(`${object}: `);
  return at === -1 ? error.message : error.message.slice(at + object.length + 2);
}

/**
 * What the API server's refusal of one object means for the release. Errors that are not about the object pass as they are.
 *
 * @param how.isExisting - the object is there already: then a refusal may be about changing it
 * @param how.wouldBeNew - whether the server takes the same object under another name
 */
export async function refusalOf(
  error: unknown,
  object: KubeObject,
  owner: Owner,
  how: {
    readonly isExisting: boolean;
    readonly wouldBeNew: () => Promise<boolean>;
    readonly quotas: () => Promise<readonly string[]>;
  },
): Promise<unknown> {
  if (!isOperatorError(error)) return error;
  const name = nameOf(object);
  const namespace = object.metadata.namespace ?? owner.namespace;
  const refuse = (code: ErrorCode, message: string, next: readonly string[], problems: readonly Problem[] = []) =>
    new OperatorError(code, `${releaseOf(owner)}: ${message}`, {
      where: { object: name },
      next,
      retry: "later",
      cause: error,
      problems: problems.length > 0 ? problems : error.problems,
    });
  switch (error.code) {
    case "KUBE_CONFLICT":
      return refuse("RELEASE_CONFLICT", `other managers have set fields of ${name}: ${fieldsOf(error)}`, [
        "--force-conflicts    takes these fields over",
        "or take the fields out of the chart",
      ]);
    case "KUBE_INVALID":
      if (how.isExisting && (await how.wouldBeNew()))
        return refuse("RELEASE_FIELD_IMMUTABLE", `${name} cannot be changed like this: ${reasonOf(error, name)}`, [
          `kubectl -n ${namespace} delete ${object.kind.toLowerCase()} ${object.metadata.name ?? ""}    then run the same command again; it is created anew`,
        ]);
      return refuse("RELEASE_OBJECT_REFUSED", `the API server refuses ${name}: ${reasonOf(error, name)}`, [
        "correct the object in the chart or its values",
      ]);
    case "KUBE_REFUSED":
      return refuse("RELEASE_OBJECT_REFUSED", `${name} is refused: ${reasonOf(error, name)}`, [
        "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations    shows who may refuse",
      ]);
    case "KUBE_NAMESPACE_TERMINATING":
      return refuse("RELEASE_NAMESPACE_TERMINATING", `the namespace ${namespace} is being deleted`, [
        `kubectl wait --for=delete namespace/${namespace}    then run the same command again`,
      ]);
    case "KUBE_NOT_FOUND":
      return refuse("RELEASE_NAMESPACE_MISSING", `there is no namespace ${namespace} for ${name}`, [
        `kubectl create namespace ${namespace}`,
      ]);
    case "KUBE_KIND_UNKNOWN":
      return refuse("RELEASE_KIND_UNKNOWN", `the cluster does not serve ${object.kind} of ${object.apiVersion}`, [
        "deploy the package that brings its CustomResourceDefinition first",
      ]);
    case "KUBE_FORBIDDEN": {
      const full = await how.quotas();
      return full.length === 0
        ? refuse("RELEASE_OBJECT_REFUSED", `${name} is refused: ${reasonOf(error, name)}`, [
            `kubectl auth can-i create ${object.kind.toLowerCase()} -n ${namespace}    tells whether it is a matter of rights`,
          ])
        : refuse(
            "RELEASE_QUOTA_EXCEEDED",
            `${name} does not fit into the quota of namespace ${namespace}: ${reasonOf(error, name)}`,
            [`kubectl -n ${namespace} describe resourcequota`, "raise the quota or ask for less"],
            full.map((message) => ({ message, where: { object: `Namespace/${namespace}` } })),
          );
    }
    default:
      return error;
  }
}

function fieldsOf(error: OperatorError): string {
  return error.problems.length === 0
    ? error.message
    : error.problems.map(({ message }) => message.replace(/: conflict with /, " is set by ")).join("; ");
}

/** Several failures of one step as one error: the first one's code and words, all of them as problems. */
export function joined(errors: readonly unknown[]): unknown {
  const [first] = errors;
  if (errors.length <= 1 || !errors.every((error) => isOperatorError(error))) return first;
  const all = errors;
  const head = all[0] as OperatorError;
  return new OperatorError(head.code, `${head.message} (and ${all.length - 1} more)`, {
    where: head.where,
    next: head.next,
    retry: head.retry,
    cause: head,
    problems: all.flatMap(({ message, where, problems }) => (problems.length > 0 ? problems : [{ message, where }])),
  });
}
