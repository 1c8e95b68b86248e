import { existsSync, readFileSync, statSync } from "node:fs";
import type { Clock } from "../../../lib/clock.ts";
import { formatReference, parseReference } from "../../../oci/index.ts";
import type { ImageNamespace, StoredImage } from "../../interior.ts";
import { PullError } from "../../node/images/pull-error.ts";
import { pullPatiently } from "../../node/images/pull-patiently.ts";
import { at, list, mapping, text } from "../../node/read-values.ts";
import { watchIngest } from "./ingest-progress.ts";
import { type NodeSpace, ProgramError } from "./namespaces.ts";

export interface NodeImages {
  /** One attempt; an image that is there is not asked for again. @returns its digest; @throws PullError */
  readonly pull: (namespace: ImageNamespace, name: string, call: PullOptions) => Promise<string>;
  /** As Talos pulls in the background: again with growing pauses for 20 minutes, "not found" five times. */
  readonly pullPatiently: (namespace: ImageNamespace, name: string, call: PullOptions) => Promise<string>;
  readonly importInto: (
    namespace: ImageNamespace,
    archive: AsyncIterable<Uint8Array>,
    options: { readonly signal: AbortSignal },
  ) => Promise<string>;
  readonly list: (
    namespace: ImageNamespace,
    options: { readonly signal: AbortSignal },
  ) => Promise<readonly StoredImage[]>;
  /** Mounts an image, writable, in the node. @param path - inside the node, empty */
  readonly mount: (
    namespace: ImageNamespace,
    name: string,
    path: string,
    options: { readonly signal: AbortSignal },
  ) => Promise<void>;
}

export interface PullOptions {
  readonly signal: AbortSignal;
  readonly progress?: (layer: string, offsetBytes: number, totalBytes: number) => void;
}

export interface NodeImagesOptions {
  readonly space: NodeSpace;
  readonly clock: Clock;
  /** Inside the node: the host files of Talos' own pulls. */
  readonly hostsFolder: string;
  /** First pause between attempts; Talos: 5000. */
  readonly retryUnitMs: number;
  readonly log: (line: string) => void;
  /** The log of machined. */
  readonly machined: (line: string) => void;
}

/** containerd's namespaces behind those of the Talos API. */
const namespaces: Readonly<Record<ImageNamespace, string>> = { cri: "k8s.io", system: "system", inmem: "inmem" };
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

/** The images of a node's own containerd. */
export function nodeImages(options: NodeImagesOptions): NodeImages {
  const { space, clock, log } = options;
  const ctr = (namespace: ImageNamespace, args: readonly string[], call: Parameters<NodeSpace["run"]>[2]) =>
    space.run("ctr", ["--namespace", namespaces[namespace], ...args], call);
  // Fetched, but not unpacked: ctr names such an image, and Talos' own pull does not.
  const halfway = new Set<string>();
  const rows = async (namespace: ImageNamespace, call: { readonly signal: AbortSignal }) =>
    (await ctr(namespace, ["images", "list"], call))
      .split("\n")
      .slice(1)
      .flatMap((line) => {
        const [name = "", , digest = ""] = line.trim().split(/\s+/);
        return digest === "" || halfway.has(`${namespace} ${name}`) ? [] : [{ name, digest }];
      });
  const digestOf = async (namespace: ImageNamespace, name: string, call: { readonly signal: AbortSignal }) =>
    (await rows(namespace, call)).find((row) => row.name === name)?.digest;
  const pull: NodeImages["pull"] = async (namespace, name, call) => {
    const reference = formatReference(parseReference(name));
    const present = await digestOf(namespace, reference, call);
    if (present !== undefined) return present;
    const started = clock.now().getTime();
    const stop = call.progress === undefined ? undefined : watchIngest(space, namespaces[namespace], call.progress);
    try {
      await ctr(namespace, ["images", "pull", "--local", "--hosts-dir", options.hostsFolder, reference], call);
    } catch (error) {
      halfway.add(`${namespace} ${reference}`);
      if (error instanceof ProgramError) throw pullError(error);
      throw error;
    } finally {
      stop?.();
    }
    halfway.delete(`${namespace} ${reference}`);
    const digest = await digestOf(namespace, reference, call);
    if (digest === undefined) throw new PullError("broken", `${reference} was pulled and is not there`);
    // As Talos and the CRI do; the CRI does it itself for what it hears of.
    if (namespace !== "cri") await ctr(namespace, ["images", "tag", reference, ...otherNames(reference, digest)], call);
    log(`pulled image ${reference}@${digest} in ${clock.now().getTime() - started} ms`);
    return digest;
  };
  return {
    pull,
    pullPatiently: (namespace, name, call) =>
      pullPatiently(name, () => pull(namespace, name, call), { ...options, signal: call.signal }),
    importInto: async (namespace, archive, { signal }) => {
      const before = new Set((await rows(namespace, { signal })).map(({ name, digest }) => `${name} ${digest}`));
      const said = await ctr(namespace, ["images", "import", "--local", "-"], { signal, input: archive }).catch(
        (error: unknown) => {
          throw error instanceof ProgramError ? new Error(lastLine(error)) : error;
        },
      );
      const fresh = (await rows(namespace, { signal })).find(({ name, digest }) => !before.has(`${name} ${digest}`));
      // An image that was there already is only named in what ctr says: "unpacking NAME (sha256:…)...done".
      const name = fresh?.name ?? /^unpacking (\S+) \(sha256:/m.exec(said)?.[1];
      if (name === undefined) throw new Error("no named image in the archive");
      log(`imported image ${name}`);
      return name;
    },
    list: async (namespace, call) =>
      (await rows(namespace, call)).map(({ name, digest }) => ({
        name,
        digest,
        sizeBytes: sizeOf(space, digest),
        createdAt: keptSince(space, digest),
      })),
    mount: async (namespace, name, path, call) => {
      try {
        await ctr(namespace, ["images", "mount", "--rw", formatReference(parseReference(name)), path], call);
      } catch (error) {
        throw error instanceof ProgramError ? pullError(error) : error;
      }
    },
  };
}

/** The names under which an image is also listed: by digest in its repository, and bare. */
function otherNames(reference: string, digest: string): readonly string[] {
  const { registry, repository } = parseReference(reference);
  return [`${registry}/${repository}@${digest}`, digest];
}

/** containerd's own reason: what ctr says before it is about ctr. */
function lastLine({ said }: ProgramError): string {
  return (said.split("\n").findLast((line) => line.trim() !== "") ?? said).replace(/^ctr: /, "");
}

function pullError(error: ProgramError): PullError {
  const message = lastLine(error);
  return new PullError(/: not found$/.test(message) ? "not-found" : "broken", message);
}

function blobFile(space: NodeSpace, digest: string): string {
  return space.path(`/var/lib/containerd/io.containerd.content.v1.content/blobs/${digest.replace(":", "/")}`);
}

/** When the image came: the time of its manifest in the content store, which never changes a blob. */
function keptSince(space: NodeSpace, digest: string): Date {
  return statSync(blobFile(space, digest), { throwIfNoEntry: false })?.mtime ?? new Date(0);
}

/** The image's manifest, config and layers together, as containerd counts it, read from the node's content store. */
function sizeOf(space: NodeSpace, digest: string): number {
  const read = (name: string): unknown => {
    const file = blobFile(space, name);
    if (!/^sha256:[0-9a-f]{64}$/.test(name) || !existsSync(file)) return undefined;
    const bytes = readFileSync(file);
    return bytes.length > MAX_DOCUMENT_BYTES ? undefined : (JSON.parse(bytes.toString()) as unknown);
  };
  const sizesBelow = (document: unknown): number => {
    const children = list(at(document, "manifests"));
    const inManifest = [at(document, "config"), ...list(at(document, "layers"))];
    const direct = inManifest.reduce<number>((sum, item) => sum + Number(mapping(item)["size"] ?? 0), 0);
    return children.reduce<number>((sum, child) => {
      const inner = read(text(at(child, "digest")) ?? "");
      return inner === undefined ? sum : sum + Number(at(child, "size") ?? 0) + sizesBelow(inner);
    }, direct);
  };
  return sizesBelow(read(digest));
}
