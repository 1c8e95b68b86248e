import type { Clock } from "../../../lib/clock.ts";
import { formatReference, type Platform, parseReference } from "../../../oci/index.ts";
import type { AppliedConfig, ImageNamespace } from "../../interior.ts";
import type { PullEndpoint } from "../../node/images/pull-endpoints.ts";
import { pullPatiently } from "../../node/images/pull-patiently.ts";
import type { BlobStore } from "./blob-store.ts";
import type { ImageTable, KeptImage } from "./image-table.ts";
import { importArchive } from "./import-archive.ts";
import { type EndpointReader, pullImage } from "./pull-image.ts";

export interface PullCall {
  readonly signal: AbortSignal;
  /** Ask the registry even when the image is there (`imagePullPolicy: Always`). Default false. */
  readonly again?: boolean;
  readonly progress?: (layer: string, offsetBytes: number, totalBytes: number) => void;
}

/** The images of one machine and the ways to get more. */
export interface MachineImages {
  /** One attempt; an image that is there is not asked for again. @throws PullError */
  readonly pull: (namespace: ImageNamespace, name: string, call: PullCall) => Promise<KeptImage>;
  /** As Talos pulls in the background: again with growing pauses for 20 minutes, "not found" five times. */
  readonly pullPatiently: (namespace: ImageNamespace, name: string, call: PullCall) => Promise<KeptImage>;
  /** Takes every named image of the archive in; resolves with the first name. */
  readonly importInto: (
    namespace: ImageNamespace,
    archive: AsyncIterable<Uint8Array>,
    options: { readonly signal: AbortSignal },
  ) => Promise<string>;
  readonly table: ImageTable;
}

export interface MachineImagesOptions {
  readonly table: ImageTable;
  readonly store: BlobStore;
  readonly platform: Platform;
  readonly clock: Clock;
  readonly config: () => AppliedConfig;
  readonly openEndpoint: (endpoint: PullEndpoint) => EndpointReader;
  readonly log: (line: string) => void;
  /** The log of machined. */
  readonly machined: (line: string) => void;
  /** First pause between attempts; Talos: 5000. */
  readonly retryUnitMs: number;
}

export function createMachineImages(options: MachineImagesOptions): MachineImages {
  const { table, store, platform, clock, log } = options;
  const pull: MachineImages["pull"] = async (namespace, name, call) => {
    const present = table.get(namespace, formatReference(parseReference(name)));
    if (present !== undefined && call.again !== true) return present;
    const pulled = await pullImage(name, {
      config: options.config(),
      store,
      platform,
      openEndpoint: options.openEndpoint,
      signal: call.signal,
      ...(call.progress === undefined ? {} : { progress: call.progress }),
    });
    const { from, ...image } = pulled;
    const kept = { ...image, createdAt: clock.now().toISOString() };
    table.put(namespace, kept);
    log(`pulled image ${kept.name}@${kept.digest} from ${from} (${kept.sizeBytes} bytes)`);
    return kept;
  };
  return {
    table,
    pull,
    pullPatiently: (namespace, name, call) =>
      pullPatiently(name, () => pull(namespace, name, call), { ...options, signal: call.signal }),
    importInto: async (namespace, archive, { signal }) => {
      const images = await importArchive(archive, { store, platform, now: clock.now(), signal });
      const [first] = images;
      if (first === undefined) throw new Error("no named image in the archive");
      for (const image of images) table.put(namespace, image);
      log(`imported image ${first.name}@${first.digest}`);
      return first.name;
    },
  };
}
