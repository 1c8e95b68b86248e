import { type VerifiedBundle, verifyBundle } from "../../bundle/index.ts";
import { loadSite } from "../../site/index.ts";
import { definePhase, type Journey } from "../engine/index.ts";
import { sizeText } from "../node-disks.ts";
import { readKeys, trustOf } from "../trusted-keys.ts";
import type { JourneyWorld } from "../world.ts";

export interface BundleVerifyRequest {
  readonly file: string;
  /** Public keys one of which must have signed it. */
  readonly keys: readonly string[];
  /** Trust what this site trusts. */
  readonly siteFile?: string;
}

export interface BundleVerifyReport {
  readonly file: string;
  readonly blobs: number;
  readonly bytes: number;
  readonly images: number;
  /** `unchecked`: signed, but no key was named to check it with. */
  readonly signature: "verified" | "unsigned" | "unchecked";
  readonly keyId?: string;
}

interface Context {
  readonly request: BundleVerifyRequest;
  readonly memory: { verified?: VerifiedBundle };
}

/** Hashes every byte of a bundle and checks its signature. Without a key, whoever signed it is told and not judged. */
export async function bundleVerify(
  request: BundleVerifyRequest,
  _world: JourneyWorld,
): Promise<Journey<Context, BundleVerifyReport>> {
  return { id: "bundle-verify", subject: request.file, phases: [hashPhase], context: { request, memory: {} }, report };
}

const hashPhase = definePhase<Context, undefined>({
  id: "hash",
  title: "Verify every byte",
  observe: async () => undefined,
  plan: ({ request, memory }) => [
    [
      {
        id: "hash/bundle",
        title: `verify ${request.file}`,
        target: { kind: "file", name: request.file },
        effect: "wait",
        inputs: {},
        apply: async ({ signal, progress }) => {
          const site = request.siteFile === undefined ? undefined : await loadSite(request.siteFile);
          const ofSite = site === undefined ? undefined : await trustOf(site);
          const keys = [...(ofSite?.keys ?? []), ...(await readKeys(request.keys))];
          memory.verified = await verifyBundle(request.file, {
            trust: { keys, allowUnsigned: ofSite?.allowUnsigned ?? keys.length === 0 },
            signal,
            onProgress: ({ doneBytes, totalBytes }) => progress(`${sizeText(doneBytes)} of ${sizeText(totalBytes)}`),
          });
        },
      },
    ],
  ],
});

async function report({ memory }: Context): Promise<BundleVerifyReport> {
  const { verified } = memory;
  if (verified === undefined) throw new Error("phase order: nothing was verified");
  const { file, blobs, sizeBytes, images, trust } = verified;
  return {
    file,
    blobs,
    bytes: sizeBytes,
    images,
    signature: trust.kind === "signed" ? "verified" : trust.kind,
    ...(trust.kind === "unsigned" ? {} : { keyId: trust.keyId }),
  };
}
