import { createHash } from "node:crypto";
import { OperatorError } from "../../lib/errors/index.ts";
import type { Digest } from "../../oci/index.ts";
import { verifyStream } from "../../oci/index.ts";
import { shown } from "./archive/package-content.ts";
import { TarError } from "./archive/tar-header.ts";
import { type TarInput, tarInStream } from "./archive/tar-input.ts";
import { type TarEntry, walkTar } from "./archive/walk-tar.ts";
import { digestOfHash } from "./digest-of-hash.ts";
import { escapingLink, linkProblem } from "./link-rules.ts";
import type { ComponentEntry, ComponentFiles } from "./package-types.ts";
import { pathProblem } from "./path-rules.ts";

/** No component has more; what says so would fill the memory with names. */
const maxEntries = 500_000;

/** An archive that can be read whole, and then in parts. */
export interface ComponentArchive {
  /** From its first byte to its last, verified as it passes; what is read of it later is held against what passed. */
  readonly whole?: (call: { readonly signal: AbortSignal }) => AsyncIterable<Uint8Array>;
  /** Instead of `whole`, where it was verified before and nobody else can change it: only headers are read. */
  readonly input?: (call: { readonly signal: AbortSignal }) => TarInput;
  readonly part: (range: {
    readonly start: number;
    readonly end: number;
    readonly signal: AbortSignal;
  }) => AsyncIterable<Uint8Array>;
}

type Place = ComponentEntry & { readonly offset: number; readonly digest?: Digest };

/**
 * Checks a component's archive whole: every entry lies once under the component's own folder, under a name that every system
 * takes, and is a file, a folder or a link that stays inside; no file lies behind a link. Nothing is unpacked.
 *
 * @throws OperatorError PACKAGE_INVALID, PACKAGE_TOO_LARGE, and what the archive throws
 */
export async function openComponent(
  component: string,
  archive: ComponentArchive,
  call: { readonly signal: AbortSignal },
): Promise<ComponentFiles> {
  const invalid = (what: string, cause?: unknown) =>
    new OperatorError("PACKAGE_INVALID", `the archive of component ${component} ${what}`, { cause });
  const places = new Map<string, Place>();
  const { whole } = archive;
  const stream = whole === undefined ? undefined : tarInStream(whole(call));
  const input = stream ?? archive.input?.(call);
  if (input === undefined) throw new Error("an archive without a way to read it");
  let hasRoot = false;
  try {
    for await (const entry of walkTar(input)) {
      const path = entry.name.replace(/\/$/, "");
      const problem = entryProblem(component, path, entry, places);
      if (problem !== undefined) throw invalid(`holds ${shown(path)}, which ${problem}`);
      if (path === component) {
        if (hasRoot || entry.type !== "folder") throw invalid(`holds ${shown(path)}, which is not one folder`);
        hasRoot = true;
        continue;
      }
      if (places.size >= maxEntries)
        throw new OperatorError("PACKAGE_TOO_LARGE", `component ${component} has more than ${maxEntries} entries`);
      places.set(path.slice(component.length + 1), await placeOf(entry, input, stream !== undefined));
    }
    // The verified stream says at its very end whether it was the right one.
    if (stream !== undefined) for await (const _rest of stream.pass(Infinity));
  } catch (error) {
    if (error instanceof TarError) throw invalid(error.message, error);
    throw error;
  } finally {
    await stream?.close();
  }
  if (!hasRoot) throw invalid(`has no folder ${component}`);
  const missing = [...places.keys()].find((path) => !isUnderFolders(path, places));
  if (missing !== undefined) throw invalid(`holds ${shown(missing)}, which lies in something that is not a folder`);
  const links = [...places].flatMap(([path, { linkTarget }]) =>
    linkTarget === undefined ? [] : [[path, linkTarget] as const],
  );
  const escaping = escapingLink(new Map(links));
  if (escaping !== undefined) throw invalid(`holds ${shown(escaping)}, which is a link that leaves its component`);
  return filesOf(component, places, archive);
}

/** A component without an archive. */
export const noComponentFiles: ComponentFiles = {
  entries: new Map(),
  read: (path) => Promise.reject(noFile("the component", path)),
  open: (path) => {
    throw noFile("the component", path);
  },
};

function entryProblem(
  component: string,
  path: string,
  entry: TarEntry,
  places: ReadonlyMap<string, Place>,
): string | undefined {
  const problem = pathProblem(path);
  if (problem !== undefined) return problem;
  if (path !== component && !path.startsWith(`${component}/`)) return `is outside the folder ${component}`;
  if (entry.type === "hard-link" || entry.type === "other") return "is a device, a pipe or a hard link";
  const inside = path.slice(component.length + 1);
  if (places.has(inside)) return "is there twice";
  return entry.type === "link" ? linkProblem(entry.linkTarget) : undefined;
}

async function placeOf(entry: TarEntry, input: TarInput, isHashed: boolean): Promise<Place> {
  const { mode, sizeBytes, offset } = entry;
  if (entry.type === "folder") return { type: "folder", sizeBytes: 0, mode, offset };
  if (entry.type === "link") return { type: "link", sizeBytes: 0, mode, linkTarget: entry.linkTarget, offset };
  if (!isHashed) return { type: "file", sizeBytes, mode, offset };
  const hash = createHash("sha256");
  for await (const chunk of input.pass(sizeBytes)) hash.update(chunk);
  return { type: "file", sizeBytes, mode, offset, digest: digestOfHash(hash) };
}

function isUnderFolders(path: string, places: ReadonlyMap<string, Place>): boolean {
  for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
    const parent = places.get(path.slice(0, slash));
    if (parent !== undefined && parent.type !== "folder") return false;
  }
  return true;
}

function filesOf(component: string, places: ReadonlyMap<string, Place>, archive: ComponentArchive): ComponentFiles {
  const placeAt = (path: string) => {
    const place = places.get(path);
    if (place?.type !== "file") throw noFile(`component ${component}`, path);
    return place;
  };
  const open = (path: string, call: { readonly signal: AbortSignal }): AsyncIterable<Uint8Array> => {
    const { offset, sizeBytes, digest } = placeAt(path);
    const part = archive.part({ start: offset, end: offset + sizeBytes, signal: call.signal });
    if (digest === undefined) return part;
    const mismatch = () =>
      new OperatorError("PACKAGE_DAMAGED", `${path} of component ${component} changed while it was read`, {
        next: ["see that nobody writes to the package, and run the same command again"],
      });
    return verifyStream(part, { digest, size: sizeBytes }, { mismatch });
  };
  const entries = new Map(
    [...places].map(([path, { offset: _offset, digest: _digest, ...entry }]) => [path, entry] as const),
  );
  return {
    entries,
    open,
    read: async (path, { limitBytes, signal }) => {
      const { sizeBytes } = placeAt(path);
      if (sizeBytes > limitBytes)
        throw new OperatorError(
          "PACKAGE_INVALID",
          `${path} of component ${component} has ${sizeBytes} bytes, more than the ${limitBytes} that such a file may have`,
        );
      const chunks: Uint8Array[] = [];
      for await (const chunk of open(path, { signal })) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
  };
}

function noFile(what: string, path: string): OperatorError {
  return new OperatorError("PACKAGE_INVALID", `${what} has no file ${shown(path)}`);
}
