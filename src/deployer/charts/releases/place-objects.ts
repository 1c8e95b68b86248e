import { type KindRef, type KubeObject, objectName } from "../../../kube/index.ts";
import { isOperatorError, OperatorError } from "../../../lib/errors/index.ts";
import type { DefinedKind } from "./defined-kinds.ts";
import { releaseOf } from "./errors.ts";
import { nameOf } from "./read-manifest.ts";
import type { Session } from "./session.ts";

export interface Placed {
  readonly objects: readonly KubeObject[];
  /** "apiVersion kind" that the cluster does not serve and nobody defines. */
  readonly unknown: readonly KubeObject[];
}

/**
 * Puts the release's namespace into every namespaced object that names none, and takes it out of objects that have none.
 *
 * @param defined - kinds that the release brings itself
 */
export async function placeObjects(
  objects: readonly KubeObject[],
  session: Pick<Session, "cluster" | "owner" | "signal">,
  defined: ReadonlyMap<string, DefinedKind>,
): Promise<Placed> {
  const kinds = new Map(objects.map((object) => [`${object.apiVersion} ${object.kind}`, object as KindRef]));
  const scopes = new Map<string, boolean>();
  await Promise.all(
    [...kinds].map(async ([key, kind]) => {
      const isNamespaced = await scopeOf(kind, session, defined.get(key));
      if (isNamespaced !== undefined) scopes.set(key, isNamespaced);
    }),
  );
  const placed: KubeObject[] = [];
  const unknown: KubeObject[] = [];
  for (const object of objects) {
    const isNamespaced = scopes.get(`${object.apiVersion} ${object.kind}`);
    const { namespace, ...metadata } = object.metadata;
    if (isNamespaced === undefined) unknown.push(object);
    else if (!isNamespaced) placed.push(namespace === undefined ? object : { ...object, metadata });
    else
      placed.push({
        ...object,
        metadata: {
          ...metadata,
          namespace: namespace === undefined || namespace === "" ? session.owner.namespace : namespace,
        },
      });
  }
  return { objects: placed, unknown };
}

async function scopeOf(
  kind: KindRef,
  { cluster, signal }: Pick<Session, "cluster" | "signal">,
  own: DefinedKind | undefined,
): Promise<boolean | undefined> {
  try {
    return (await cluster.resourceOf(kind, { signal })).isNamespaced;
  } catch (error) {
    if (isOperatorError(error, "KUBE_KIND_UNKNOWN")) return own?.isNamespaced;
    throw error;
  }
}

/** @throws OperatorError RELEASE_KIND_UNKNOWN with every object of a kind that nobody serves or defines */
export function refuseUnknown({ unknown }: Placed, { owner }: Pick<Session, "owner">): void {
  const [first] = unknown;
  if (first === undefined) return;
  throw new OperatorError(
    "RELEASE_KIND_UNKNOWN",
    `${releaseOf(owner)}: the cluster does not serve ${first.kind} of ${first.apiVersion}, which ${nameOf(first)} is`,
    {
      where: { object: objectName(first) },
      next: [
        "deploy the package that brings its CustomResourceDefinition first",
        "kubectl api-resources    lists what the cluster serves",
      ],
      retry: "later",
      problems: unknown.map((object) => ({
        message: `${nameOf(object)}: ${object.apiVersion} is not served`,
        where: { object: nameOf(object) },
      })),
    },
  );
}
