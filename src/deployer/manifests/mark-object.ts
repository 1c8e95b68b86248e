import { type KubeObject, record } from "../../kube/index.ts";

export interface Owner {
  readonly packageName: string;
  /** Name and namespace of the release that Zarf would make. */
  readonly release: string;
  readonly namespace: string;
}

const packageLabel = (owner: Owner) => ({ "zarf.dev/package": owner.packageName });

/** `zarf.dev/package` on a workload's Pods as well, where there is a Pod template. */
function markTemplate(object: KubeObject, owner: Owner): KubeObject {
  const spec = record(object["spec"]);
  const template = record(spec?.["template"]);
  const metadata = record(template?.["metadata"]);
  if (template === undefined || (metadata === undefined && record(template["spec"]) === undefined)) return object;
  const labels = { ...record(metadata?.["labels"]), ...packageLabel(owner) };
  return { ...object, spec: { ...spec, template: { ...template, metadata: { ...metadata, labels } } } };
}

/**
 * The marks that Zarf leaves on what it deploys: the package's label, and the ownership marks of the release that it makes of a
 * manifest, so that Zarf (or Helm) can later adopt the object. Namespaces belong to no release.
 */
export function markObject(object: KubeObject, owner: Owner): KubeObject {
  const { labels, annotations } = object.metadata;
  if (object.kind === "Namespace" && object.apiVersion === "v1") {
    const marks = { "app.kubernetes.io/managed-by": "zarf", "zarf.dev/agent": "mutate" };
    return { ...object, metadata: { ...object.metadata, labels: { ...marks, ...labels, ...packageLabel(owner) } } };
  }
  return {
    ...markTemplate(object, owner),
    metadata: {
      ...object.metadata,
      labels: { ...labels, "app.kubernetes.io/managed-by": "Helm", ...packageLabel(owner) },
      annotations: {
        ...annotations,
        "meta.helm.sh/release-name": owner.release,
        "meta.helm.sh/release-namespace": owner.namespace,
      },
    },
  };
}
