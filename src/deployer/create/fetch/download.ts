import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as pause } from "node:timers/promises";
import { OperatorError } from "../../../lib/errors/index.ts";
import { diskFull } from "../stage/free-space.ts";
import { shownUrl } from "./repository-url.ts";

export interface DownloadCall {
  readonly signal: AbortSignal;
  /** More bytes than this are refused. */
  readonly limitBytes: number;
  readonly onBytes?: (bytes: number) => void;
}

const tries = 3;
const firstPauseMs = 500;
const idleMs = 60_000;

/**
 * Fetches a URL (http or https, redirects followed) into a file. What may pass is tried three times.
 *
 * @throws OperatorError PACKAGE_FETCH_FAILED
 */
export async function downloadToFile(
  url: string,
  file: string,
  call: DownloadCall,
): Promise<{ readonly sha256: string }> {
  return await retried(url, call, async (response) => {
    const hash = createHash("sha256");
    const bounded = bound(url, response, call, (chunk) => hash.update(chunk));
    await pipeline(bounded, createWriteStream(file, { mode: 0o600 }), { signal: call.signal }).catch(
      (error: unknown) => {
        throw diskFull(file, error) ?? error;
      },
    );
    return { sha256: hash.digest("hex") };
  });
}

/** The same into memory. */
export async function download(url: string, call: DownloadCall): Promise<Buffer> {
  return await retried(url, call, async (response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of bound(url, response, call)) chunks.push(chunk);
    return Buffer.concat(chunks);
  });
}

async function retried<T>(url: string, call: DownloadCall, take: (response: Response) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await take(await request(url, call));
    } catch (error) {
      call.signal.throwIfAborted();
      const mayPass = !(error instanceof OperatorError) || error.retry === "same";
      if (!mayPass || attempt === tries)
        throw error instanceof OperatorError ? error : failed(url, "the connection failed", { cause: error });
      await pause(firstPauseMs * attempt, undefined, { signal: call.signal });
    }
  }
}

async function request(url: string, { signal }: DownloadCall): Promise<Response> {
  if (!/^https?:\/\//i.test(url)) throw failed(url, "only http and https are fetched", {});
  const { user, plain } = withoutUser(url);
  const response = await fetch(plain, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(24 * 60 * 60 * 1000)]),
    headers: user === undefined ? {} : { authorization: `Basic ${Buffer.from(user).toString("base64")}` },
  });
  if (response.ok) return response;
  await response.body?.cancel();
  const mayPass = response.status >= 500 || response.status === 429;
  throw failed(url, `the server answers ${response.status}`, { retry: mayPass ? "same" : "never" });
}

/** fetch refuses URLs with a user in them. */
function withoutUser(url: string): { readonly user?: string; readonly plain: string } {
  const parsed = new URL(url);
  if (parsed.username === "") return { plain: url };
  const user = `${decodeURIComponent(parsed.username)}:${decodeURIComponent(parsed.password)}`;
  parsed.username = "";
  parsed.password = "";
  return { user, plain: parsed.href };
}

async function* bound(
  url: string,
  response: Response,
  { limitBytes, onBytes, signal }: DownloadCall,
  also?: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  if (response.body === null) return;
  const reader = Readable.fromWeb(response.body, { signal });
  let idle = setTimeout(() => reader.destroy(new Error("idle")), idleMs);
  try {
    for await (const chunk of reader) {
      clearTimeout(idle);
      idle = setTimeout(() => reader.destroy(new Error("idle")), idleMs);
      const bytes = chunk as Uint8Array;
      sizeBytes += bytes.length;
      if (sizeBytes > limitBytes) throw failed(url, `it is larger than ${limitBytes} bytes`, {});
      also?.(bytes);
      onBytes?.(bytes.length);
      yield bytes;
    }
  } finally {
    clearTimeout(idle);
  }
}

function failed(
  url: string,
  reason: string,
  { retry = "same", cause }: { readonly retry?: "same" | "never"; readonly cause?: unknown },
): OperatorError {
  const shown = shownUrl(url);
  return new OperatorError("PACKAGE_FETCH_FAILED", `${shown} could not be fetched: ${reason}`, {
    where: { file: shown },
    next: [`check that ${shown} can be reached from this machine, then run the same command again`],
    retry,
    cause,
  });
}
