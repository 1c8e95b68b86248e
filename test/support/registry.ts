import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { mediaTypes } from "../../src/oci/index.ts";

export interface TestDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly architecture: string; readonly os: string; readonly variant?: string };
}

/** What a registry may do wrong. */
export type Misbehaviour =
  | {
      readonly kind: "status";
      readonly status: number;
      readonly code?: string;
      readonly headers?: Record<string, string>;
    }
  /** The right number of other bytes. */
  | { readonly kind: "wrong-bytes" }
  /** Bytes without end and without a Content-Length. */
  | { readonly kind: "endless" }
  /** Headers and `afterBytes` bytes, then silence. */
  | { readonly kind: "stall"; readonly afterBytes: number }
  /** The connection is cut after so many bytes of the body. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** The whole blob although a range was asked for. */
  | { readonly kind: "ignore-range" };

export interface Rule {
  /** Matched against the path, `/v2/…`. */
  readonly path: RegExp;
  /** default: every method */
  readonly method?: string;
  /** How often; default always. */
  readonly times?: number;
  readonly does: Misbehaviour;
}

export interface FakeRegistryOptions {
  /** default 127.0.0.1 */
  readonly address?: string;
  readonly tls?: { readonly cert: string; readonly key: string };
  /** With `bearer` the same server also hands out the tokens. */
  readonly auth?: { readonly kind: "basic" | "bearer"; readonly username: string; readonly password: string };
}

/** A small registry in this process, in memory, that can be told to misbehave. It also takes pushes. */
export interface FakeRegistry {
  /** `http://127.0.0.1:40123/v2` */
  readonly apiRoot: string;
  /** `127.0.0.1:40123` */
  readonly host: string;
  readonly requests: readonly {
    readonly method: string;
    readonly url: string;
    readonly authorization?: string;
    readonly range?: string;
  }[];
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  readonly addBlob: (bytes: Uint8Array, mediaType?: string) => TestDescriptor;
  readonly addManifest: (repository: string, tag: string | undefined, manifest: object) => TestDescriptor;
  /** An image with a config and these layers. */
  readonly addImage: (
    repository: string,
    tag: string | undefined,
    layers: readonly Uint8Array[],
    config?: object,
  ) => TestDescriptor;
  readonly addIndex: (repository: string, tag: string, manifests: readonly TestDescriptor[]) => TestDescriptor;
  readonly misbehave: (rule: Rule) => void;
  /** Ends connections too; throws when a rule with `times` was not used up, since then the test did not test it. */
  readonly close: () => Promise<void>;
}

interface State {
  readonly blobs: Map<string, Uint8Array>;
  readonly manifests: Map<string, { readonly bytes: Uint8Array; readonly mediaType: string }>;
  readonly rules: { readonly rule: Rule; left: number }[];
  readonly auth: FakeRegistryOptions["auth"];
}

export async function startFakeRegistry(options: FakeRegistryOptions = {}): Promise<FakeRegistry> {
  const state: State = { blobs: new Map(), manifests: new Map(), rules: [], auth: options.auth };
  const requests: { method: string; url: string; authorization?: string; range?: string }[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const { authorization, range } = request.headers;
    requests.push({
      method: request.method ?? "",
      url: request.url ?? "",
      ...(authorization === undefined ? {} : { authorization }),
      ...(range === undefined ? {} : { range }),
    });
    void answer(state, request, response).catch((error: unknown) => response.destroy(error as Error));
  };
  const server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
  const { address = "127.0.0.1" } = options;
  server.listen(0, address);
  await once(server, "listening");
  const host = `${address}:${(server.address() as AddressInfo).port}`;

  const addBlob: FakeRegistry["addBlob"] = (bytes, mediaType = mediaTypes.ociLayerGzip) => {
    const digest = digestOf(bytes);
    state.blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const addManifest: FakeRegistry["addManifest"] = (repository, tag, manifest) => {
    const bytes = Buffer.from(JSON.stringify(manifest));
    const { mediaType = mediaTypes.ociManifest } = manifest as { mediaType?: string };
    const digest = digestOf(bytes);
    for (const name of [digest, ...(tag === undefined ? [] : [tag])]) {
      state.manifests.set(`${repository}/${name}`, { bytes, mediaType });
    }
    return { mediaType, digest, size: bytes.length };
  };
  return {
    apiRoot: `${options.tls === undefined ? "http" : "https"}://${host}/v2`,
    host,
    requests,
    blobs: state.blobs,
    addBlob,
    addManifest,
    addImage: (repository, tag, layers, config = { architecture: "amd64", os: "linux" }) =>
      addManifest(repository, tag, {
        schemaVersion: 2,
        mediaType: mediaTypes.ociManifest,
        config: addBlob(Buffer.from(JSON.stringify(config)), mediaTypes.ociConfig),
        layers: layers.map((layer) => addBlob(layer)),
      }),
    addIndex: (repository, tag, manifests) =>
      addManifest(repository, tag, { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }),
    misbehave: (rule) => void state.rules.push({ rule, left: rule.times ?? Number.POSITIVE_INFINITY }),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
      const unused = state.rules.filter(({ left }) => left > 0 && left !== Number.POSITIVE_INFINITY);
      if (unused.length > 0)
        throw new Error(`unused: ${unused.map(({ rule }) => `${rule.path} ${rule.does.kind}`).join(", ")}`);
    },
  };
}

async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://localhost");
  const method = request.method ?? "GET";
  if (url.pathname === "/token") {
    const isRight = request.headers.authorization === basicOf(state);
    return void response
      .writeHead(isRight ? 200 : 401)
      .end(JSON.stringify({ token: tokenOf(url.searchParams.get("scope")) }));
  }
  if (!isAllowed(state, request, url)) {
    const isBearer = state.auth?.kind === "bearer";
    const tls = "encrypted" in request.socket ? "https" : "http";
    const realm = `${tls}://${request.headers.host}/token`;
    const challenge = isBearer
      ? `Bearer realm="${realm}",service="fake",scope="${scopeOf(url, method)}"`
      : 'Basic realm="fake"';
    return void fail(response, 401, "UNAUTHORIZED", { "www-authenticate": challenge });
  }
  const found = state.rules.find(
    ({ rule, left }) => left > 0 && rule.path.test(url.pathname) && (rule.method ?? method) === method,
  );
  if (found !== undefined) found.left -= 1;
  const does = found?.rule.does;
  if (does?.kind === "status") return void fail(response, does.status, does.code ?? "UNKNOWN", does.headers);
  const [, repository = "", kind = "", name = ""] = /^\/v2\/(.+)\/(manifests|blobs)\/(.*)$/.exec(url.pathname) ?? [];
  if (method === "POST" || method === "PUT")
    return await take(state, { request, response, url, repository, kind, name });
  if (url.pathname === "/v2/") return void response.writeHead(200).end("{}");
  const listed = /^\/v2\/(.+)\/tags\/list$/.exec(url.pathname)?.[1];
  if (listed !== undefined) return void listTags(state, response, listed);
  const manifest = kind === "manifests" ? state.manifests.get(`${repository}/${name}`) : undefined;
  const bytes = manifest?.bytes ?? (kind === "blobs" ? state.blobs.get(name) : undefined);
  if (bytes === undefined) return void fail(response, 404, kind === "blobs" ? "BLOB_UNKNOWN" : "MANIFEST_UNKNOWN");
  const mediaType = manifest?.mediaType ?? "application/octet-stream";
  await give(response, { bytes, mediaType, does, method, digest: digestOf(bytes), range: request.headers.range });
}

function listTags(state: State, response: ServerResponse, name: string): void {
  const names = [...state.manifests.keys()].filter((key) => key.startsWith(`${name}/`));
  const tags = names.map((key) => key.slice(name.length + 1)).filter((tag) => !/[:/]/.test(tag));
  if (names.length === 0) fail(response, 404, "NAME_UNKNOWN");
  else response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ name, tags: tags.sort() }));
}

async function give(
  response: ServerResponse,
  given: {
    readonly bytes: Uint8Array;
    readonly mediaType: string;
    readonly digest: string;
    readonly does: Misbehaviour | undefined;
    readonly method: string;
    readonly range: string | undefined;
  },
): Promise<void> {
  const { does, digest } = given;
  const bytes = does?.kind === "wrong-bytes" ? Buffer.from(given.bytes.map((byte) => byte ^ 1)) : given.bytes;
  const headers = { "content-type": given.mediaType, "docker-content-digest": digest };
  if (does?.kind === "endless") {
    response.writeHead(200, headers);
    const more = Buffer.alloc(64 * 1024);
    const send = (): void => {
      while (!response.destroyed && response.write(more));
    };
    response.on("drain", send);
    send();
    return;
  }
  const range = does?.kind === "ignore-range" ? undefined : rangeOf(given.range, bytes.length);
  if (range !== undefined && range.start >= bytes.length) {
    return void fail(response, 416, "RANGE_INVALID", { "content-range": `bytes */${bytes.length}` });
  }
  const part = range === undefined ? bytes : bytes.subarray(range.start, range.end);
  response.writeHead(range === undefined ? 200 : 206, {
    ...headers,
    "accept-ranges": "bytes",
    "content-length": String(part.length),
    ...(range === undefined ? {} : { "content-range": `bytes ${range.start}-${range.end - 1}/${bytes.length}` }),
  });
  if (given.method === "HEAD") response.end();
  else if (does?.kind === "cut") response.write(part.subarray(0, does.afterBytes), () => response.destroy());
  else if (does?.kind === "stall") response.write(part.subarray(0, does.afterBytes));
  else response.end(part);
}

function rangeOf(
  header: string | undefined,
  size: number,
): { readonly start: number; readonly end: number } | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined) return undefined;
  if (first === "") return { start: Math.max(0, size - Number(last)), end: size };
  return { start: Number(first), end: last === "" ? size : Math.min(size, Number(last) + 1) };
}

async function take(
  state: State,
  given: {
    readonly request: IncomingMessage;
    readonly response: ServerResponse;
    readonly url: URL;
    readonly repository: string;
    readonly kind: string;
    readonly name: string;
  },
): Promise<void> {
  const { request, response, url, repository, kind, name } = given;
  const bytes = await buffer(request);
  if (request.method === "POST") {
    return void response.writeHead(202, { location: `/v2/${repository}/blobs/uploads/1?state=a` }).end();
  }
  const digest = digestOf(bytes);
  if (kind === "blobs") {
    if (url.searchParams.get("digest") !== digest) return void fail(response, 400, "DIGEST_INVALID");
    state.blobs.set(digest, bytes);
  } else {
    const mediaType = request.headers["content-type"] ?? "";
    for (const reference of [name, digest]) state.manifests.set(`${repository}/${reference}`, { bytes, mediaType });
  }
  response.writeHead(201, { "docker-content-digest": digest, location: url.pathname }).end();
}

function isAllowed(state: State, request: IncomingMessage, url: URL): boolean {
  if (state.auth === undefined) return true;
  const wanted = state.auth.kind === "basic" ? basicOf(state) : `Bearer ${tokenOf(scopeOf(url, request.method ?? ""))}`;
  return request.headers.authorization === wanted;
}

function scopeOf(url: URL, method: string): string {
  const repository = /^\/v2\/(.+)\/(manifests|blobs)\//.exec(url.pathname)?.[1] ?? "";
  return `repository:${repository}:${method === "POST" || method === "PUT" ? "pull,push" : "pull"}`;
}

const tokenOf = (scope: string | null): string =>
  createHash("sha256")
    .update(scope ?? "")
    .digest("hex");
const basicOf = ({ auth }: State): string =>
  `Basic ${Buffer.from(`${auth?.username}:${auth?.password}`).toString("base64")}`;
const digestOf = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

function fail(response: ServerResponse, status: number, code: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify({ errors: [{ code, message: "as told" }] }));
}
