import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import type { Bundle } from "../../bundle/index.ts";
import type { Clock } from "../../lib/clock.ts";
import { type ErrorCode, OperatorError } from "../../lib/errors/index.ts";
import { type Mirror, type MirrorRequest, startMirror } from "../../oci/index.ts";
import type { Site } from "../../site/index.ts";
import { mirrorCertificate, type SiteKeys } from "../site-keys.ts";

/** A mirror at work, with what was asked of it. */
export interface ServedMirror {
  readonly mirror: Mirror;
  readonly url: string;
  /** When `client` (an address) last asked for anything, in ms since the epoch; undefined: never. */
  readonly lastRequestMs: (client: string) => number | undefined;
  /** Why the bundle can no longer be served, once that was seen: damaged, or gone with its stick. */
  readonly problem: () => OperatorError | undefined;
  readonly tally: () => { readonly requests: number; readonly images: number; readonly bytes: number };
  readonly close: () => Promise<void>;
}

/**
 * Serves the bundle to the nodes over TLS from the site's CA and writes `mirror.log`, one JSON line per request.
 *
 * @throws OperatorError MIRROR_PORT_TAKEN
 */
export async function serveBundle(options: {
  readonly bundle: Bundle;
  readonly site: Site;
  readonly keys: SiteKeys;
  readonly address: string;
  readonly clock: Clock;
  /** Folder of `mirror.log`; absent: no log. */
  readonly logFolder?: string;
  readonly onRequest?: (request: MirrorRequest) => void;
  readonly signal: AbortSignal;
}): Promise<ServedMirror> {
  const last = new Map<string, number>();
  const images = new Set<string>();
  let problem: OperatorError | undefined;
  let requests = 0;
  let bytes = 0;
  let log = Promise.resolve();
  const logFile = options.logFolder === undefined ? undefined : join(options.logFolder, "mirror.log");

  const mirror = await startMirror({
    store: options.bundle,
    address: options.address,
    port: options.site.mirror.port,
    tls: mirrorCertificate(options.keys, options.address, options.clock),
    onRequest: (request) => {
      requests += 1;
      bytes += request.bytes;
      problem ??= bundleProblem(request, options.bundle);
      last.set(request.client, options.clock.now().getTime());
      if (request.image !== undefined && request.status < 400) images.add(request.image);
      if (logFile !== undefined) {
        const line = `${JSON.stringify({ time: options.clock.now().toISOString(), ...request })}\n`;
        // A full or pulled-out disk must not stop nodes from pulling.
        log = log.then(async () => await appendFile(logFile, line, { mode: 0o600 })).catch(() => undefined);
      }
      options.onRequest?.(request);
    },
    signal: options.signal,
  });
  return {
    mirror,
    url: mirror.url,
    lastRequestMs: (client) => last.get(client),
    problem: () => problem,
    tally: () => ({ requests, images: images.size, bytes }),
    close: async () => {
      await mirror.close();
      await log;
    },
  };
}

const bundleProblems: ReadonlySet<ErrorCode | "BUG"> = new Set([
  "MIRROR_CONTENT_DAMAGED",
  "BUNDLE_DAMAGED",
  "BUNDLE_GONE",
]);

/** Nodes ask again and again for what they do not get, so what is wrong with the file has to be told here. */
function bundleProblem({ problem, client }: MirrorRequest, bundle: Bundle): OperatorError | undefined {
  if (problem === undefined || problem.code === "BUG" || !bundleProblems.has(problem.code)) return undefined;
  return new OperatorError(problem.code, `${problem.message}; ${client} asked for it and did not get it`, {
    where: { file: bundle.file },
    next: [
      `skerry bundle verify ${bundle.file}   names everything that is damaged`,
      "copy the bundle again from its source, or bring its stick back, and run the command again",
    ],
    retry: "later",
  });
}
