import type { Cluster } from "../../kube/index.ts";
import { waitingImages } from "../look/waiting-images.ts";

const MAX_IMAGES = 2;
const MAX_REASON = 300;

/**
 * Images that containers wait for because their node could not pull them, as a reason to wait: at most two, with the kubelet's words.
 *
 * @param options.node - of this node alone; default all
 */
export async function lackedImages(
  cluster: Cluster,
  options: { readonly signal: AbortSignal; readonly node?: string },
): Promise<readonly string[]> {
  const waiting = await waitingImages(cluster, options);
  const byImage = new Map(waiting.map((each) => [each.image, each]));
  return [...byImage.values()]
    .slice(0, MAX_IMAGES)
    .map(({ image, pod, reason }) => `${pod} waits for ${image}: ${shorten(reason)}`);
}

function shorten(text: string): string {
  return text.length <= MAX_REASON ? text : `${text.slice(0, MAX_REASON)}…`;
}
