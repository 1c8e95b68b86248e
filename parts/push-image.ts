import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { OperatorError } from "../src/lib/errors/index.ts";
import { type Descriptor, indexMediaType } from "./images/documents.ts";
import { blobFile } from "./images/layout.ts";

/** One image of a layout, and where it is to be in the registry. */
export interface PushTarget {
  readonly layoutFolder: string;
  /** "http://127.0.0.1:41235" */
  readonly registryUrl: string;
  /** "registry.k8s.io/kube-apiserver" */
  readonly repository: string;
  readonly tag: string;
  readonly descriptor: Descriptor;
}

/** Whether the registry has the tag with exactly this manifest. */
export async function isPushed(target: PushTarget, options: { readonly signal: AbortSignal }): Promise<boolean> {
  const response = await fetch(manifestUrl(target, target.tag), {
    method: "HEAD",
    headers: { accept: target.descriptor.mediaType },
    signal: options.signal,
  });
  return response.ok && response.headers.get("docker-content-digest") === target.descriptor.digest;
}

/**
 * Pushes an image from the layout: what a manifest names first, then the manifest, the tag last. What the registry has
 * is not sent again; the registry checks every digest.
 *
 * @throws OperatorError PARTS_REGISTRY_FAILED
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#push
 */
export async function pushImage(target: PushTarget, options: { readonly signal: AbortSignal }): Promise<void> {
  await pushManifest(target, target.descriptor, target.tag, options);
}

interface ManifestLike {
  readonly manifests?: readonly Descriptor[];
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
}

async function pushManifest(
  target: PushTarget,
  descriptor: Descriptor,
  name: string,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  const bytes = await readFile(blobFile(target.layoutFolder, descriptor.digest));
  const manifest = JSON.parse(bytes.toString("utf8")) as ManifestLike;
  if (descriptor.mediaType === indexMediaType) {
    for (const child of manifest.manifests ?? []) await pushManifest(target, child, child.digest, options);
  } else {
    const blobs = [...(manifest.config === undefined ? [] : [manifest.config]), ...(manifest.layers ?? [])];
    for (const blob of blobs) await pushBlob(target, blob, options);
  }
  const response = await fetch(manifestUrl(target, name), {
    method: "PUT",
    headers: { "content-type": descriptor.mediaType },
    body: bytes,
    signal: options.signal,
  });
  await expectStatus(response, 201, target);
}

async function pushBlob(
  target: PushTarget,
  blob: Descriptor,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  const blobs = `${target.registryUrl}/v2/${target.repository}/blobs`;
  const known = await fetch(`${blobs}/${blob.digest}`, { method: "HEAD", signal: options.signal });
  if (known.ok) return;
  const begun = await fetch(`${blobs}/uploads/`, { method: "POST", signal: options.signal });
  await expectStatus(begun, 202, target);
  const upload = new URL(begun.headers.get("location") ?? "", target.registryUrl);
  upload.searchParams.set("digest", blob.digest);
  const file = createReadStream(blobFile(target.layoutFolder, blob.digest), { highWaterMark: 1 << 20 });
  const finished = await fetch(upload, {
    method: "PUT",
    headers: { "content-type": "application/octet-stream", "content-length": String(blob.size) },
    body: Readable.toWeb(file),
    duplex: "half",
    signal: options.signal,
  });
  await expectStatus(finished, 201, target);
}

async function expectStatus(response: Response, status: number, target: PushTarget): Promise<void> {
  const text = await response.text();
  if (response.status === status) return;
  throw new OperatorError("PARTS_REGISTRY_FAILED", `the registry answered ${response.status} to ${target.repository}`, {
    problems: [{ message: text.slice(0, 1000) }],
    next: ["node parts/build.ts --only images   check the images", "node parts/internet.ts   try again"],
    retry: "same",
  });
}

function manifestUrl(target: PushTarget, name: string): string {
  return `${target.registryUrl}/v2/${target.repository}/manifests/${name}`;
}
