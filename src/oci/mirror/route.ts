import { isRegistry, isRepository } from "../content/reference.ts";

/** A repository as it may be meant: with its upstream registry where that can be told. */
export interface NamedRepository {
  readonly registry?: string;
  readonly repository: string;
}

export type Route =
  | { readonly kind: "ping" }
  /** `candidates` in the order in which to try them. */
  | { readonly kind: "manifest" | "blob"; readonly candidates: readonly NamedRepository[]; readonly reference: string }
  | { readonly kind: "tags"; readonly candidates: readonly NamedRepository[] }
  | { readonly kind: "other" };

/** Longest request target that is looked at; names are at most 255 letters each. */
export const maxTargetLength = 2048;

const contentPath = /^\/v2\/(.+)\/(manifests|blobs|tags)\/([^/]+)$/;

/**
 * Reads the target of a request: `/v2/<registry>/<repository>/…` as the mirror documents name it, or `/v2/<repository>/…?ns=<registry>`
 * as containerd asks any mirror. containerd sends `ns` with the first form too.
 *
 * @see https://github.com/containerd/containerd/blob/v2.1.0/docs/hosts.md (why `ns` is there)
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#endpoints
 */
export function parseRoute(target: string): Route {
  if (target.length > maxTargetLength || !URL.canParse(target, "http://mirror")) return { kind: "other" };
  const url = new URL(target, "http://mirror");
  const path = decoded(url.pathname);
  if (path === "/v2/" || path === "/v2") return { kind: "ping" };
  const [, name, kind, reference] = contentPath.exec(path ?? "") ?? [];
  if (name === undefined || reference === undefined) return { kind: "other" };
  const candidates = candidatesFor(name, url.searchParams.get("ns") ?? undefined);
  if (candidates.length === 0) return { kind: "other" };
  if (kind === "tags") return reference === "list" ? { kind: "tags", candidates } : { kind: "other" };
  return { kind: kind === "blobs" ? "blob" : "manifest", candidates, reference };
}

function candidatesFor(name: string, ns: string | undefined): readonly NamedRepository[] {
  const registry = ns === undefined || !isRegistry(ns) ? undefined : canonicalRegistry(ns);
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(slash, 0));
  const hasPrefix = isRegistry(first) && (/[.:]/.test(first) || first === "localhost");
  const prefixed = hasPrefix ? { registry: canonicalRegistry(first), repository: name.slice(slash + 1) } : undefined;
  const candidates: NamedRepository[] = [];
  if (prefixed !== undefined && (registry === undefined || registry === prefixed.registry)) candidates.push(prefixed);
  candidates.push(registry === undefined ? { repository: name } : { registry, repository: name });
  return candidates.filter(({ repository }) => isRepository(repository));
}

/** Docker Hub under all its names. */
function canonicalRegistry(host: string): string {
  return host === "registry-1.docker.io" || host === "index.docker.io" ? "docker.io" : host;
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
