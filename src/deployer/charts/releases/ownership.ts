import type { KubeObject } from "../../../kube/index.ts";

const managedBy = "app.kubernetes.io/managed-by";
const releaseName = "meta.helm.sh/release-name";
const releaseNamespace = "meta.helm.sh/release-namespace";

/** Which objects a watch must show: all of them carry this label. */
export const ownedSelector = `${managedBy}=Helm`;
const keepPolicy = "helm.sh/resource-policy";

export interface Owner {
  readonly name: string;
  readonly namespace: string;
}

/** The object with the marks by which Helm knows its own; marks of another release are replaced. */
export function withOwner(object: KubeObject, { name, namespace }: Owner): KubeObject {
  const { labels, annotations } = object.metadata;
  return {
    ...object,
    metadata: {
      ...object.metadata,
      labels: { ...labels, [managedBy]: "Helm" },
      annotations: { ...annotations, [releaseName]: name, [releaseNamespace]: namespace },
    },
  };
}

/** Why an object that exists does not belong to the release, in words; undefined when it does. */
export function foreignBecause({ metadata }: KubeObject, { name, namespace }: Owner): string | undefined {
  const by = metadata.labels?.[managedBy];
  const of = metadata.annotations?.[releaseName];
  const within = metadata.annotations?.[releaseNamespace];
  if (by === "Helm" && of === name && within === namespace) return undefined;
  if (by === "Helm" && of !== undefined) return `it belongs to the release ${within ?? "?"}/${of}`;
  return by === undefined ? "it belongs to no release" : `it is managed by ${by}`;
}

/** Whether an object asks to stay when its release does not want it any more. */
export function asksToStay({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[keepPolicy]?.trim().toLowerCase() === "keep";
}
