import { isOperatorError, OperatorError, stripControls } from "../../lib/errors/index.ts";
import type { SiteNode } from "../../site/index.ts";
import type { NodeClient, NodeService } from "../../talos/api/index.ts";
import { withAdmin } from "../node-sights.ts";
import { redactAnswer } from "../redact-answer.ts";
import type { UpContext } from "./context.ts";

/** Why a machine does not get an image, or a service of Talos that needs one has failed, in its own words. */
export interface PullTrouble {
  /** "failed to pull image …: no space left on device" */
  readonly words: string;
  /** For how long the machine has known; undefined where its log does not tell. */
  readonly ageMs: number | undefined;
}

/** What `machined` writes before it tries something again, once per reason and attempt to get there. */
const RETRYING =
  /^(?<time>\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d\.\d{3})\d* .*?retrying error: (?<words>failed to pull image .*)$/;
const STAMP = /^(?<time>\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d\.\d{3})/;
const IMAGE = /failed to pull image "(?<image>[^"]+)"/;
const TAIL_LINES = 100;
const MAX_LOG_BYTES = 256 * 1024;
const MAX_WORDS = 400;
const ASK_MS = 5_000;
/** The services whose images Talos pulls itself. */
const PULLING: readonly string[] = ["etcd", "kubelet"];

/**
 * Asks a machine with a config whether it cannot get an image. Its log is read only while it may be pulling: before it has booted, and
 * while a service of its own waits for its image. Never throws for a machine that does not answer.
 *
 * @returns undefined where all is well, or nothing is known
 */
export async function pullTrouble(
  context: UpContext,
  node: SiteNode,
  { signal }: { readonly signal: AbortSignal },
): Promise<PullTrouble | undefined> {
  const { keys } = context.memory;
  if (keys === undefined) return undefined;
  try {
    const trouble = await withAdmin(node, keys, context.ports, async (client) => await lookFor(client, signal));
    // What a machine says is shown on a terminal, and nobody knows what it quotes.
    return (
      trouble && {
        ...trouble,
        words: shorten(stripControls(redactAnswer(keys)(trouble.words)).replaceAll(/\s+/g, " ")),
      }
    );
  } catch (error) {
    signal.throwIfAborted();
    if (isOperatorError(error)) return undefined;
    throw error;
  }
}

async function lookFor(client: NodeClient, signal: AbortSignal): Promise<PullTrouble | undefined> {
  const options = { signal, deadlineMs: ASK_MS };
  const services = (await client.services(options)).filter(({ id }) => PULLING.includes(id));
  if (services.length > 0 && !services.some(mayBePulling)) return undefined;
  const failed = services.find(({ state, lastMessage }) => state === "Failed" && lastMessage !== "");
  if (failed !== undefined) return { words: `${failed.id}: ${failed.lastMessage}`, ageMs: undefined };
  const lines = await tailOf(client, signal);
  const { time = "", words = "" } = lines.map((line) => RETRYING.exec(line)?.groups).findLast((found) => found) ?? {};
  const image = IMAGE.exec(words)?.groups?.["image"];
  if (image === undefined || (await isThere(client, image, signal))) return undefined;
  const now = lines.map((line) => STAMP.exec(line)?.groups?.["time"]).findLast((found) => found !== undefined);
  const ageMs = now === undefined ? undefined : timeOf(now) - timeOf(time);
  return { words, ageMs };
}

function mayBePulling({ state }: NodeService): boolean {
  return state === "Preparing" || state === "Failed";
}

/** The last lines; the very last one is about this call, and so tells the machine's time. */
async function tailOf(client: NodeClient, signal: AbortSignal): Promise<readonly string[]> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of client.logs("machined", { signal, deadlineMs: ASK_MS, tailLines: TAIL_LINES })) {
    chunks.push(Buffer.from(chunk));
    bytes += chunk.length;
    if (bytes > MAX_LOG_BYTES) break;
  }
  return Buffer.concat(chunks).toString("utf8").split("\n");
}

/** A reason is written once, and that it passed is not: an image that is there by now was no trouble in the end. */
async function isThere(client: NodeClient, image: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await client.imageList("system", { signal, deadlineMs: ASK_MS })).some(({ name }) => name === image);
  } catch (error) {
    // An older Talos, or one whose containerd is not up yet.
    if (isOperatorError(error)) return false;
    throw error;
  }
}

function timeOf(stamp: string): number {
  return Date.parse(`${stamp.replaceAll("/", "-").replace(" ", "T")}Z`);
}

function shorten(words: string): string {
  return words.length > MAX_WORDS ? `${words.slice(0, MAX_WORDS)}…` : words;
}

/**
 * The error of a trouble that no waiting mends. Only the machine's log tells of it, so its words are all there is to go by: those of the
 * system for a full disk, and those of Go's TLS for an authority that is not trusted.
 *
 * @returns undefined where the next attempt may do better
 */
export function hopeless(context: UpContext, node: SiteNode, { words, ageMs }: PullTrouble): OperatorError | undefined {
  const { mirrorSinceMs, mirrorUrl } = context.memory;
  const where = { node: node.name };
  if (words.includes("no space left on device")) {
    const disk = Object.entries(node.disk).map(([key, value]) => `${key}: ${value}`);
    return new OperatorError("NODE_DISK_FULL", `the disk {${disk.join(", ")}} of ${node.name} is full: ${words}`, {
      where,
      next: [
        `skerry nodes disks ${node.name}     is its disk as large as it should be?`,
        "give it a larger disk, or name another in site.yaml, reset the machine, and run the command again",
      ],
      retry: "later",
    });
  }
  if (!words.includes("x509: certificate signed by unknown authority")) return undefined;
  // A machine does not try all the time: what it met before this run may be mended.
  const isNew =
    mirrorSinceMs !== undefined && ageMs !== undefined && context.world.clock.now().getTime() - ageMs >= mirrorSinceMs;
  if (!isNew) return undefined;
  return new OperatorError(
    "MIRROR_NOT_TRUSTED",
    `${node.name} reached something at ${mirrorUrl} that is not this laptop's mirror: ${words}`,
    {
      where,
      next: [
        `find what answers ${node.name} in this laptop's place: another machine with its address, or a proxy that opens TLS`,
        "then run the command again",
      ],
      retry: "later",
    },
  );
}
