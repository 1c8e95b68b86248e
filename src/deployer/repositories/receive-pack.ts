import { Readable } from "node:stream";
import { request } from "undici";
import { connectionFailure, oddAnswer, type Pushing, refused, statusFailure } from "./failures.ts";
import type { GitAccess } from "./open-git-server.ts";
import { flushPacket, PktLineError, pktLine, readPktLines } from "./pkt-line.ts";

/** One repository of the server, to be pushed to. @see https://git-scm.com/docs/gitprotocol-http */
export interface Remote {
  readonly access: GitAccess;
  /** What is dialled. */
  readonly url: string;
  readonly pushing: Pushing;
  readonly signal: AbortSignal;
}

export interface Advertisement {
  /** By full name; empty for a repository without any. */
  readonly references: ReadonlyMap<string, string>;
  readonly capabilities: ReadonlySet<string>;
}

/** What a reference was and shall be; 40 zeros where it is not. */
export interface Update {
  readonly reference: string;
  readonly from: string;
  readonly to: string;
}

export const noObject = "0".repeat(40);
const maxAdvertisementBytes = 64 << 20;
const maxReportBytes = 8 << 20;

/**
 * What the repository has now.
 *
 * @throws OperatorError REPOSITORY_*
 */
export async function discover(remote: Remote): Promise<Advertisement> {
  const bytes = await ask(remote, {
    method: "GET",
    path: "/info/refs?service=git-receive-pack",
    contentType: "application/x-git-receive-pack-advertisement",
    limitBytes: maxAdvertisementBytes,
  });
  const references = new Map<string, string>();
  const capabilities = new Set<string>();
  for (const line of lines(bytes, remote)) {
    const [head = "", extra] = (line ?? Buffer.alloc(0)).toString("utf8").replace(/\n$/, "").split("\0");
    if (extra !== undefined) for (const word of extra.split(" ")) capabilities.add(word);
    const [, hash, name] = /^([0-9a-f]{40}) (.+)$/.exec(head) ?? [];
    // A repository without references names its capabilities instead.
    if (hash !== undefined && name !== undefined && name !== "capabilities^{}") references.set(name, hash);
  }
  if (capabilities.has("object-format=sha256")) {
    throw oddAnswer(remote.pushing, "the repository there names its objects by SHA-256, the package's by SHA-1");
  }
  return { references, capabilities };
}

/**
 * Sends objects and moves references, all or none where the server can.
 *
 * @throws OperatorError REPOSITORY_REFUSED with the server's own reasons
 */
export async function sendPack(
  remote: Remote,
  given: {
    readonly updates: readonly Update[];
    readonly capabilities: Advertisement["capabilities"];
    readonly pack: AsyncIterable<Uint8Array>;
  },
): Promise<void> {
  const { updates, capabilities, pack } = given;
  const wanted = ["report-status", "side-band-64k", "atomic"].filter((name) => capabilities.has(name));
  const commands = updates.map(({ from, to, reference }, place) =>
    pktLine(`${from} ${to} ${reference}${place === 0 ? `\0 ${[...wanted, "agent=skerry"].join(" ")}` : ""}\n`),
  );
  const bytes = await ask(remote, {
    method: "POST",
    path: "/git-receive-pack",
    contentType: "application/x-git-receive-pack-result",
    limitBytes: maxReportBytes,
    body: (async function* () {
      yield Buffer.from(commands.join("") + flushPacket);
      yield* pack;
    })(),
  });
  const { report, said } = wanted.includes("side-band-64k") ? sideBands(bytes, remote) : { report: bytes, said: [] };
  const words = lines(report, remote).flatMap((line) => (line === undefined ? [] : [line.toString("utf8").trim()]));
  const problems = words.filter(
    (line) => line.startsWith("ng ") || (line.startsWith("unpack ") && line !== "unpack ok"),
  );
  const isTold = !wanted.includes("report-status") || words.includes("unpack ok");
  if (problems.length > 0 || !isTold) throw refused(remote.pushing, [...problems, ...said]);
}

/** Sorts what came by its channel: the report, and what the server says to people. */
function sideBands(
  bytes: Uint8Array,
  remote: Remote,
): { readonly report: Uint8Array; readonly said: readonly string[] } {
  const report: Buffer[] = [];
  const said: string[] = [];
  for (const line of lines(bytes, remote)) {
    if (line === undefined) continue;
    if (line[0] === 1) report.push(line.subarray(1));
    else
      said.push(
        ...line
          .toString("utf8", 1)
          .split(/[\r\n]+/)
          .filter((text) => text !== ""),
      );
  }
  return { report: Buffer.concat(report), said: said.slice(-20) };
}

function lines(bytes: Uint8Array, { pushing }: Remote): readonly (Buffer | undefined)[] {
  try {
    return readPktLines(bytes);
  } catch (error) {
    if (error instanceof PktLineError) throw oddAnswer(pushing, `its answer is not Git's: ${error.message}`, error);
    throw error;
  }
}

async function ask(
  remote: Remote,
  wanted: {
    readonly method: "GET" | "POST";
    readonly path: string;
    readonly contentType: string;
    readonly limitBytes: number;
    readonly body?: AsyncIterable<Uint8Array>;
  },
): Promise<Uint8Array> {
  const { access, url, pushing, signal } = remote;
  const { pushUsername, pushPassword } = access.server;
  const basic = Buffer.from(`${pushUsername}:${pushPassword}`).toString("base64");
  try {
    const answer = await request(url + wanted.path, {
      dispatcher: access.dispatcher,
      method: wanted.method,
      signal,
      headers: {
        authorization: `Basic ${basic}`,
        "user-agent": "git/skerry",
        accept: wanted.contentType,
        ...(wanted.body === undefined ? {} : { "content-type": "application/x-git-receive-pack-request" }),
      },
      ...(wanted.body === undefined ? {} : { body: Readable.from(wanted.body) }),
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of answer.body) {
      bytes += (chunk as Buffer).length;
      if (bytes > wanted.limitBytes) throw oddAnswer(pushing, `its answer is longer than ${wanted.limitBytes} bytes`);
      chunks.push(chunk as Buffer);
    }
    if (answer.statusCode !== 200) throw statusFailure(answer.statusCode, pushing, access);
    if (answer.headers["content-type"] !== wanted.contentType)
      throw oddAnswer(pushing, "what answers is not a Git server");
    return Buffer.concat(chunks);
  } catch (error) {
    signal.throwIfAborted();
    throw connectionFailure(error, pushing, access);
  }
}
