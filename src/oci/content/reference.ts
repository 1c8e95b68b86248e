import { OperatorError } from "../../lib/errors/index.ts";
import { type Digest, parseDigest } from "./digest.ts";

/** The full name of an image: never short, always with a tag or a digest (or both: then the digest decides). */
export interface Reference {
  /** `docker.io`, `registry.example:5000`, `[::1]:5000` */
  readonly registry: string;
  /** `library/registry` */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

const label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const registryPattern = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]{1,5})?$`);
const repositoryPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/** Whether the text may stand in `/v2/<repository>/`. */
export const isRepository = (text: string): boolean => text.length <= 255 && repositoryPattern.test(text);

/** Whether the text is a registry's host with an optional port. */
export const isRegistry = (text: string): boolean => text.length <= 255 && registryPattern.test(text);

/** Whether the text is a tag. */
export const isTag = (text: string): boolean => tagPattern.test(text);

/**
 * Reads an image reference as Docker, containerd and Talos do: a first part without dot, colon or capital letter belongs to
 * docker.io, single names there to `library/`, and without tag and digest the tag is `latest`.
 *
 * @throws OperatorError REFERENCE_INVALID
 * @see https://github.com/distribution/reference/blob/v0.6.0/normalize.go
 */
export function parseReference(text: string): Reference {
  if (text.length > 1024) throw invalid(text.slice(0, 64), "it is too long");
  const [name, digestText, ...rest] = text.split("@");
  if (name === undefined || rest.length > 0) throw invalid(text, "it has more than one @");
  const digest = digestText === undefined ? undefined : parseDigest(digestText);
  if (digestText !== undefined && digest === undefined)
    throw invalid(text, "what follows the @ is not a sha256 digest");
  // A colon after the last slash begins a tag; one before it belongs to a port.
  const colon = name.lastIndexOf(":");
  const hasTag = colon > name.lastIndexOf("/");
  const tag = hasTag ? name.slice(colon + 1) : undefined;
  if (tag !== undefined && !isTag(tag)) throw invalid(text, "its tag has letters that a tag cannot have");
  const { registry, repository } = splitName(hasTag ? name.slice(0, colon) : name);
  if (!isRegistry(registry)) throw invalid(text, "its registry is not a host name");
  if (!isRepository(repository))
    throw invalid(text, "its repository may have lower-case letters, digits, . _ - and / only");
  return {
    registry,
    repository,
    ...(tag !== undefined ? { tag } : digest === undefined ? { tag: "latest" } : {}),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The full text: `docker.io/library/registry:3@sha256:…`. */
export function formatReference(reference: Reference): string {
  const tag = reference.tag === undefined ? "" : `:${reference.tag}`;
  const digest = reference.digest === undefined ? "" : `@${reference.digest}`;
  return `${reference.registry}/${reference.repository}${tag}${digest}`;
}

/** What to ask a registry for: the digest where there is one, else the tag. */
export function targetOf(reference: Reference): string {
  return reference.digest ?? reference.tag ?? "latest";
}

function splitName(name: string): { readonly registry: string; readonly repository: string } {
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  const isHost = /[.:\][]/.test(first) || first === "localhost" || first !== first.toLowerCase();
  const registry = isHost ? first : "docker.io";
  const path = isHost ? name.slice(slash + 1) : name;
  if (registry !== "docker.io" && registry !== "index.docker.io") return { registry, repository: path };
  return { registry: "docker.io", repository: path.includes("/") ? path : `library/${path}` };
}

function invalid(text: string, reason: string): OperatorError {
  return new OperatorError("REFERENCE_INVALID", `${JSON.stringify(text)} is not an image reference: ${reason}`, {
    next: ["write it like registry.example/team/app:1.2 or …@sha256:<64 hex digits>"],
  });
}
