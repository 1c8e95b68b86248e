import { talosImages } from "../../talos/config/index.ts";
import type { ReleaseImages } from "../node/cluster-facts.ts";

/** What a machine of this Talos release pulls where its config names nothing. @throws OperatorError TALOS_RELEASE_UNKNOWN */
export function releaseImages(talosVersion: string, kubernetes: string): ReleaseImages {
  const images = talosImages(talosVersion, { kubernetes });
  const named = (repository: string): string => {
    const found = images.find((image) => image.reference.includes(`/${repository}:`));
    if (found === undefined) throw new Error(`Talos ${talosVersion} names no image ${repository}`);
    return found.reference;
  };
  return { etcd: named("etcd"), coredns: named("coredns"), flannel: named("flannel"), pause: named("pause") };
}
