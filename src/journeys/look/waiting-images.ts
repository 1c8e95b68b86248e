import { type Bundle, openBundle } from "../../bundle/index.ts";
import { type Cluster, type KubeObject, objectName, record, records } from "../../kube/index.ts";
import { isOperatorError } from "../../lib/errors/index.ts";
import { parseReference, targetOf } from "../../oci/index.ts";

/** An image that a node asked for and did not get, so that a container waits. */
export interface WaitingImage {
  /** As the Pod names it. */
  readonly image: string;
  readonly node: string;
  /** `Pod/default/web` */
  readonly pod: string;
  readonly container: string;
  /** The kubelet's words. */
  readonly reason: string;
  /** Whether the site's bundle has it; absent where there is no bundle to ask. */
  readonly isInBundle?: boolean;
}

/** What the kubelet calls a pull that failed, and its pause before the next one. */
const pullReasons: ReadonlySet<unknown> = new Set(["ErrImagePull", "ImagePullBackOff"]);

/**
 * Every image that a container of the cluster waits for because its node could not pull it, by Pod.
 *
 * @param options.node - of this node alone; default all
 */
export async function waitingImages(
  cluster: Cluster,
  { signal, node }: { readonly signal: AbortSignal; readonly node?: string },
): Promise<readonly WaitingImage[]> {
  const on = node === undefined ? {} : { fieldSelector: `spec.nodeName=${node}` };
  const { items } = await cluster.list({ apiVersion: "v1", kind: "Pod", ...on }, { signal });
  return items.flatMap(waitingIn).sort((a, b) => (a.pod < b.pod ? -1 : 1));
}

/** The images that one Pod waits for. */
export function waitingIn(pod: KubeObject): readonly WaitingImage[] {
  const status = record(pod["status"]);
  const containers = ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"];
  return containers
    .flatMap((kind) => records(status?.[kind]))
    .flatMap((container) => {
      const waiting = record(record(container["state"])?.["waiting"]);
      if (waiting === undefined || !pullReasons.has(waiting["reason"])) return [];
      return [
        {
          image: textOf(container["image"]),
          node: textOf(record(pod["spec"])?.["nodeName"]),
          pod: objectName(pod),
          container: textOf(container["name"]),
          reason: [waiting["reason"], waiting["message"]].map(textOf).filter(Boolean).join(": "),
        },
      ];
    });
}

/**
 * The same, each with whether the bundle has it.
 *
 * @throws OperatorError where the bundle cannot be read
 */
export async function lookedUpInBundle(
  images: readonly WaitingImage[],
  bundleFile: string,
  options: { readonly signal: AbortSignal },
): Promise<readonly WaitingImage[]> {
  // Not asked for its signature: nothing of it is used but the names.
  const bundle = await openBundle(bundleFile, options);
  try {
    return await Promise.all(images.map(async (each) => ({ ...each, isInBundle: await hasImage(bundle, each.image) })));
  } finally {
    await bundle.close();
  }
}

async function hasImage(bundle: Pick<Bundle, "resolve">, image: string): Promise<boolean> {
  try {
    const reference = parseReference(image);
    const { registry, repository } = reference;
    return (await bundle.resolve({ registry, repository, reference: targetOf(reference) })) !== undefined;
  } catch (error) {
    // A name that we do not take for one is in no bundle of ours.
    if (isOperatorError(error, "REFERENCE_INVALID")) return false;
    throw error;
  }
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
