import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress, createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { OperatorError } from "../../../lib/errors/index.ts";
import { zstdDecompress } from "../../../lib/zstd/index.ts";
import { pathProblem } from "../../package/path-rules.ts";
import type { ExtractRequest } from "./extract-request.ts";
import { extractFromZip } from "./extract-zip.ts";

/** No archive may give more than this. */
const outputLimitBytes = 64 * 2 ** 30;

type Bytes = AsyncIterable<Uint8Array>;

const decoders: readonly (readonly [RegExp, (source: Readable, signal: AbortSignal) => Bytes])[] = [
  [/\.(tar\.gz|tgz)$/, (source) => source.pipe(createGunzip())],
  [/\.(tar\.zst|tzst)$/, (source, signal) => zstdDecompress(source, { signal })],
  [/\.(tar\.br|tbr)$/, (source) => source.pipe(createBrotliDecompress())],
  [/\.tar$/, (source) => source],
];

/** The plain tar inside a packed one, by its name; undefined where its kind is not read. */
export function openTar(archive: string, name: string, signal: AbortSignal): Bytes | undefined {
  const decoder = decoders.find(([pattern]) => pattern.test(name.toLowerCase()));
  if (decoder === undefined) return undefined;
  const file = createReadStream(archive, { highWaterMark: 1 << 18 });
  const decoded = decoder[1](file, signal);
  // A reader that fails must end the decoder behind it too.
  if (decoded instanceof Readable && decoded !== file) file.on("error", (error) => decoded.destroy(error));
  return decoded;
}

/**
 * Takes one file or folder out of an archive.
 *
 * @throws OperatorError PACKAGE_FEATURE_UNSUPPORTED for kinds that are not read (bz2, xz, lz4, rar, 7z), PACKAGE_SOURCE_UNUSABLE
 */
export async function extractWanted(request: ExtractRequest): Promise<void> {
  const { name, wanted, signal } = request;
  const problem = pathProblem(wanted);
  if (problem !== undefined) throw unusable(request, `extractPath ${wanted} ${problem}`);
  const isFound = /\.zip$/i.test(name) ? await extractFromZip(request) : await extractFromTar(request);
  signal.throwIfAborted();
  if (!isFound) throw unusable(request, `${name} does not hold ${wanted}`);
}

async function extractFromTar(request: ExtractRequest): Promise<boolean> {
  const { archive, name, signal } = request;
  const plain = openTar(archive, name, signal);
  if (plain === undefined)
    throw new OperatorError("PACKAGE_FEATURE_UNSUPPORTED", `extractPath cannot look into ${name}`, {
      where: { file: name },
      next: ["use an archive of tar, tar.gz, tar.zst, tar.br or zip", "or unpack it first and name the file itself"],
    });
  const taker = new Taker(request);
  const unpack = extract();
  const entries = (async () => {
    for await (const entry of unpack) {
      const { name: inner, type, mode, linkname } = entry.header;
      await taker.take(
        { path: inner, type: type ?? "file", mode: mode ?? 0o644, linkTarget: linkname ?? "" },
        entry as AsyncIterable<Uint8Array>,
      );
      entry.resume();
    }
  })();
  try {
    await Promise.all([pipeline(plain, unpack, { signal }), entries]);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof OperatorError ? error : unusable(request, `${name} is not a whole archive`, error);
  }
  return taker.isFound;
}

/** Writes what is wanted; everything else passes by. */
class Taker {
  readonly #request: ExtractRequest;
  #writtenBytes = 0;
  isFound = false;

  constructor(request: ExtractRequest) {
    this.#request = request;
  }

  async take(
    entry: { readonly path: string; readonly type: string; readonly mode: number; readonly linkTarget: string },
    content: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const inner = entry.path.replace(/^\.\//, "").replace(/\/+$/, "");
    const { wanted, into, signal } = this.#request;
    if (inner !== wanted && !inner.startsWith(`${wanted}/`)) return;
    const problem = pathProblem(inner);
    if (problem !== undefined) throw unusable(this.#request, `${JSON.stringify(inner.slice(0, 120))} ${problem}`);
    const target = path.join(into, inner);
    this.isFound = true;
    await mkdir(entry.type === "directory" ? target : path.dirname(target), { recursive: true });
    if (entry.type === "symlink") await symlink(entry.linkTarget, target);
    else if (entry.type === "file" || entry.type === "contiguous-file")
      await pipeline(
        content,
        this.#counted(),
        createWriteStream(target, { mode: entry.mode & 0o111 ? 0o755 : 0o644 }),
        {
          signal,
        },
      );
    else if (entry.type !== "directory") throw unusable(this.#request, `${inner} is a ${entry.type}`);
  }

  #counted() {
    const count = (bytes: number) => {
      this.#writtenBytes += bytes;
      if (this.#writtenBytes > outputLimitBytes) throw unusable(this.#request, "it expands to more than 64 GiB");
    };
    return async function* (source: AsyncIterable<Uint8Array>) {
      for await (const chunk of source) {
        count(chunk.length);
        yield chunk;
      }
    };
  }
}

function unusable({ name }: ExtractRequest, reason: string, cause?: unknown): OperatorError {
  return new OperatorError("PACKAGE_SOURCE_UNUSABLE", reason, {
    where: { file: name },
    next: ["check source and extractPath of the file in zarf.yaml"],
    cause,
  });
}
