import { createHash } from "node:crypto";
import { pipeline, Readable } from "node:stream";
import { createDeflate, createInflate } from "node:zlib";
import { OperatorError } from "../../lib/errors/index.ts";
import type { StoredRepository } from "./stored-repository.ts";

const headerBytes = 12;
const trailerBytes = 20;

/**
 * All objects of a repository as one pack. Packs are joined as they are, since whatever an object is a difference to lies in the same
 * pack, before it by so many bytes or named by hash; so nothing is unpacked, and no more than a chunk is held.
 *
 * @see https://git-scm.com/docs/gitformat-pack
 */
export async function* packStream(
  repository: StoredRepository,
  call: { readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const { packs, looseObjects, files } = repository;
  let objects = looseObjects.length;
  for (const pack of packs) objects += await objectCount(repository, pack, call);
  const header = Buffer.alloc(headerBytes);
  header.write("PACK", 0, "latin1");
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(objects, 8);
  const hash = createHash("sha1").update(header);
  yield header;
  const bodies = [
    ...packs.map((path) => inner(files.open(path, call), (files.entries.get(path)?.sizeBytes ?? 0) - trailerBytes)),
    ...looseObjects.map((path) => looseObject(repository, path, call)),
  ];
  for (const body of bodies) {
    for await (const chunk of body) {
      hash.update(chunk);
      yield chunk;
    }
  }
  yield hash.digest();
}

/** About how large the pack is: exactly, where there are no loose objects. */
export function packBytes({ packs, looseObjects, files }: StoredRepository): number {
  const sizeOf = (path: string): number => files.entries.get(path)?.sizeBytes ?? 0;
  const joined = packs.reduce((sum, path) => sum + sizeOf(path) - headerBytes - trailerBytes, 0);
  return headerBytes + joined + looseObjects.reduce((sum, path) => sum + sizeOf(path), 0) + trailerBytes;
}

async function objectCount(
  repository: StoredRepository,
  path: string,
  call: { readonly signal: AbortSignal },
): Promise<number> {
  let head: Buffer = Buffer.alloc(0);
  for await (const chunk of repository.files.open(path, call)) {
    head = Buffer.concat([head, chunk]);
    if (head.length >= headerBytes) break;
  }
  const isPack = head.length >= headerBytes && head.toString("latin1", 0, 4) === "PACK" && head.readUInt32BE(4) === 2;
  if (isPack) return head.readUInt32BE(8);
  throw broken(repository, path, "is not a pack");
}

/** The bytes from the header's end to `end`. */
async function* inner(source: AsyncIterable<Uint8Array>, end: number): AsyncGenerator<Uint8Array> {
  let position = 0;
  for await (const chunk of source) {
    const part = chunk.subarray(Math.max(0, headerBytes - position), Math.max(0, end - position));
    position += chunk.length;
    if (part.length > 0) yield part;
  }
}

const typeNumbers: Readonly<Record<string, number>> = { commit: 1, tree: 2, blob: 3, tag: 4 };

/** An object that is a file of its own, as an entry of a pack: the same content, deflated without its header. */
async function* looseObject(
  repository: StoredRepository,
  path: string,
  { signal }: { readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const inflate = createInflate();
  const source = Readable.from(repository.files.open(path, { signal }), { objectMode: true });
  // Errors of the source come out of the end that is read.
  pipeline(source, inflate, () => undefined);
  const content = inflate[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let head: Buffer = Buffer.alloc(0);
  while (!head.includes(0)) {
    const { value, done } = await content.next();
    if (done === true || head.length > 64) throw broken(repository, path, "is not an object");
    head = Buffer.concat([head, value]);
  }
  const end = head.indexOf(0);
  const [, type = "", size = ""] = /^(\w+) (\d+)$/.exec(head.toString("latin1", 0, end)) ?? [];
  const typeNumber = typeNumbers[type];
  if (typeNumber === undefined) throw broken(repository, path, "is not an object");
  yield entryHeader(typeNumber, Number(size));
  const rest = (async function* () {
    yield head.subarray(end + 1);
    for (;;) {
      const { value, done } = await content.next();
      if (done === true) return;
      yield value;
    }
  })();
  const deflate = createDeflate();
  pipeline(Readable.from(rest, { objectMode: true }), deflate, () => undefined);
  yield* deflate as AsyncIterable<Buffer>;
}

/** Type and size, 4 and then 7 bits of the size in a byte. */
function entryHeader(type: number, sizeBytes: number): Buffer {
  const bytes: number[] = [];
  let byte = (type << 4) | (sizeBytes & 15);
  for (let rest = Math.floor(sizeBytes / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push(byte | 0x80);
    byte = rest % 128;
  }
  return Buffer.from([...bytes, byte]);
}

function broken({ name }: StoredRepository, path: string, reason: string): OperatorError {
  return new OperatorError(
    "REPOSITORY_INVALID",
    `repository ${name} of the package cannot be pushed: ${path} ${reason}`,
    {
      next: ["make the package again"],
      retry: "later",
    },
  );
}
