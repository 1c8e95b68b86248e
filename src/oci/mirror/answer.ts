import type { IncomingMessage, ServerResponse } from "node:http";
import { isOperatorError } from "../../lib/errors/index.ts";
import type { ContentStore } from "../content/content-store.ts";
import type { Descriptor } from "../content/descriptor.ts";
import { type Digest, parseDigest } from "../content/digest.ts";
import { manifestLimitBytes, parseManifest } from "../content/manifest.ts";
import type { MirrorRequest } from "./mirror-request.ts";
import { parseRange } from "./range.ts";
import { maxTargetLength, type NamedRepository, parseRoute, type Route } from "./route.ts";
import { sendStream } from "./send-stream.ts";
import type { VerifiedContent } from "./verified-content.ts";

/** What is learned about a request while it is answered. */
export type Findings = {
  -readonly [Field in
    | "kind"
    | "repository"
    | "image"
    | "digest"
    | "bytes"
    | "isComplete"
    | "problem"]?: MirrorRequest[Field];
};

export interface Answering {
  readonly store: ContentStore;
  readonly content: VerifiedContent;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly findings: Findings;
  /** Aborted when the puller goes away. */
  readonly signal: AbortSignal;
}

/** Answers one request as a pull-only registry. @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pull */
export async function answer(context: Answering): Promise<void> {
  const { request, findings } = context;
  const target = request.url ?? "/";
  const route = parseRoute(target);
  findings.kind = route.kind;
  if (request.method !== "GET" && request.method !== "HEAD") {
    return refuse(context, 405, "UNSUPPORTED", "this mirror can be pulled from only", {
      allow: "GET, HEAD",
      connection: "close",
    });
  }
  if (target.length > maxTargetLength) return refuse(context, 414, "NAME_INVALID", "the path is too long");
  switch (route.kind) {
    case "ping":
      return sendJson(context, 200, {});
    case "other":
      return refuse(
        context,
        404,
        "NAME_UNKNOWN",
        "there is nothing here: ask for /v2/<registry>/<repository>/manifests/<reference>",
      );
    case "tags":
      return await answerTags(context, route.candidates);
    case "manifest":
    case "blob":
      return await answerContent(context, route);
  }
}

async function answerTags(context: Answering, candidates: readonly NamedRepository[]): Promise<void> {
  for (const candidate of candidates) {
    const tags = await context.store.tags(candidate);
    if (tags === undefined) continue;
    context.findings.repository = nameOf(candidate);
    return sendJson(context, 200, { name: candidate.repository, tags: [...tags].sort() });
  }
  return refuseUnknown(context, "NAME_UNKNOWN", candidates, undefined);
}

async function answerContent(
  context: Answering,
  route: Extract<Route, { readonly kind: "manifest" | "blob" }>,
): Promise<void> {
  const { findings } = context;
  const [first] = route.candidates;
  if (first !== undefined) Object.assign(findings, naming(route, first));
  const digest = parseDigest(route.reference);
  if (digest !== undefined) findings.digest = digest;
  const found =
    route.kind === "blob" ? await findBlob(context.store, digest) : await findManifest(context, route, digest);
  if (found === undefined) {
    return refuseUnknown(
      context,
      route.kind === "blob" ? "BLOB_UNKNOWN" : "MANIFEST_UNKNOWN",
      route.candidates,
      route.reference,
    );
  }
  findings.digest = found.digest;
  await sendContent(context, found);
}

async function findBlob(store: ContentStore, digest: Digest | undefined): Promise<Descriptor | undefined> {
  const size = digest === undefined ? undefined : await store.stat(digest);
  if (digest === undefined || size === undefined) return undefined;
  return { mediaType: "application/octet-stream", digest, size };
}

async function findManifest(
  context: Answering,
  route: Extract<Route, { readonly kind: "manifest" | "blob" }>,
  digest: Digest | undefined,
): Promise<Descriptor | undefined> {
  for (const candidate of route.candidates) {
    const found = await context.store.resolve({ ...candidate, reference: route.reference });
    if (found === undefined) continue;
    Object.assign(context.findings, naming(route, candidate));
    return found;
  }
  return digest === undefined ? undefined : await manifestInStore(context, digest);
}

/** A manifest that only an index in the store names: its media type is in its own bytes. */
async function manifestInStore(context: Answering, digest: Digest): Promise<Descriptor | undefined> {
  const size = await context.store.stat(digest);
  if (size === undefined || size > manifestLimitBytes) return undefined;
  const chunks: Uint8Array[] = [];
  const { signal } = context;
  for await (const chunk of context.content.open({ digest, size }, { start: 0, end: size, signal })) chunks.push(chunk);
  try {
    const { mediaType } = parseManifest(Buffer.concat(chunks), { what: digest });
    return { mediaType, digest, size };
  } catch (error) {
    // A blob that is no manifest is not found as one.
    if (isOperatorError(error, "MANIFEST_INVALID")) return undefined;
    throw error;
  }
}

async function sendContent(context: Answering, found: Descriptor): Promise<void> {
  const { request, response, content, findings, signal } = context;
  const { digest, size, mediaType } = found;
  const damage = content.damage(digest);
  if (damage !== undefined) {
    findings.problem = { code: damage.code, message: damage.message };
    return refuse(context, 500, "DIGEST_INVALID", `${digest} is damaged and not served`);
  }
  const headers = {
    "content-type": mediaType,
    "docker-content-digest": digest,
    etag: `"${digest}"`,
    "accept-ranges": "bytes",
  };
  const ifRange = request.headers["if-range"];
  const isRangeMeant = request.method === "GET" && (ifRange === undefined || ifRange === headers.etag);
  const range = parseRange(isRangeMeant ? request.headers.range : undefined, size);
  if (range.kind === "unsatisfiable") {
    return refuse(context, 416, "RANGE_INVALID", `${digest} has ${size} bytes`, { "content-range": `bytes */${size}` });
  }
  const { start, end } = range.kind === "whole" ? { start: 0, end: size } : range;
  const status = range.kind === "whole" ? 200 : 206;
  const contentRange = range.kind === "whole" ? {} : { "content-range": `bytes ${start}-${end - 1}/${size}` };
  const all = { ...headers, ...contentRange, "content-length": String(end - start) };
  if (request.method === "HEAD") {
    response.writeHead(status, all).end();
    findings.isComplete = true;
    return;
  }
  const chunks = content.open(found, { start, end, signal })[Symbol.asyncIterator]();
  // The first chunk before the headers: a store that cannot be read is then still an answer and not a cut connection.
  const first = await chunks.next();
  response.writeHead(status, all);
  const onBytes = (count: number): void => {
    findings.bytes = (findings.bytes ?? 0) + count;
  };
  findings.isComplete = await sendStream(response, chunks, { first, size: end - start, onBytes });
}

function naming(route: Route, candidate: NamedRepository): Pick<Findings, "repository" | "image"> {
  const repository = nameOf(candidate);
  if (route.kind !== "manifest") return { repository };
  const separator = parseDigest(route.reference) === undefined ? ":" : "@";
  return { repository, image: `${repository}${separator}${route.reference}` };
}

function nameOf({ registry, repository }: NamedRepository): string {
  return registry === undefined ? repository : `${registry}/${repository}`;
}

function refuseUnknown(
  context: Answering,
  code: string,
  candidates: readonly NamedRepository[],
  reference: string | undefined,
): void {
  const { registry, repository = "" } = candidates[0] ?? {};
  const asked = {
    ...(registry === undefined ? {} : { registry }),
    repository,
    ...(reference === undefined ? {} : { reference }),
  };
  const words = Object.entries(asked).map(([name, value]) => `${name} ${value}`);
  const body = { errors: [{ code, message: `this mirror does not have ${words.join(", ")}`, detail: asked }] };
  sendJson(context, 404, body);
}

/** An error as registries give it. @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes */
export function refuse(
  context: Pick<Answering, "request" | "response" | "findings">,
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  sendJson(context, status, { errors: [{ code, message }] }, headers);
}

function sendJson(
  { request, response, findings }: Pick<Answering, "request" | "response" | "findings">,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, { "content-type": "application/json", "content-length": String(body.length), ...headers });
  response.end(request.method === "HEAD" ? undefined : body);
  findings.isComplete = true;
}
