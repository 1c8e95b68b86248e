import { gunzipSync, gzipSync } from "node:zlib";
import { type KubeObject, record } from "../../../kube/index.ts";
import { OperatorError } from "../../../lib/errors/index.ts";
import type { ReleaseHook } from "../engine/index.ts";
import { parseObject } from "./lossless-json.ts";
import type { ReleaseStatus } from "./types.ts";

/** A revision of a release in Helm's own JSON shape; what Helm or a later version adds is kept. */
export interface ReleaseRecord {
  readonly name: string;
  readonly info: ReleaseInfo;
  readonly chart?: unknown;
  readonly config?: unknown;
  readonly manifest?: string;
  readonly hooks?: readonly ReleaseHook[];
  /** The revision. */
  readonly version: number;
  readonly namespace: string;
  /** "ssa" by the server, "csa" (or absent) by the client. */
  readonly apply_method?: string;
}

export interface ReleaseInfo {
  readonly first_deployed?: string;
  readonly last_deployed?: string;
  readonly deleted?: string;
  readonly description?: string;
  readonly status?: ReleaseStatus;
  readonly rollback_revision?: number;
  readonly notes?: string;
}

export const secretType = "helm.sh/release.v1";
const maxInflatedBytes = 64 << 20;
/** Kubernetes refuses Secrets beyond this. */
const maxSecretBytes = 1 << 20;
const gzipMagic = Buffer.from([0x1f, 0x8b, 0x08]);

/** `sh.helm.release.v1.web.v3` */
export const secretName = (name: string, revision: number): string => `sh.helm.release.v1.${name}.v${revision}`;

/**
 * The value of the Secret's key `release`: JSON, gzip, base64, and once more base64 as every Secret.
 *
 * @throws OperatorError RELEASE_RECORD_TOO_LARGE beyond 1 MiB
 */
export function encodeRecord(release: ReleaseRecord): string {
  const packed = gzipSync(JSON.stringify(inHelmsOrder(release)), { level: 9 }).toString("base64");
  if (packed.length > maxSecretBytes)
    throw new OperatorError(
      "RELEASE_RECORD_TOO_LARGE",
      `release ${release.namespace}/${release.name}: its record is ${(packed.length / 1024).toFixed(0)} KiB, and Kubernetes keeps at most 1024 KiB`,
      {
        where: { object: `Secret/${release.namespace}/${secretName(release.name, release.version)}` },
        next: ["split the chart, or take large files out of it (.helmignore)"],
      },
    );
  return Buffer.from(packed).toString("base64");
}

/** Helm's order of keys, so that a person who decodes two records can compare them. */
function inHelmsOrder(release: ReleaseRecord): Readonly<Record<string, unknown>> {
  const { name, info, chart, config, manifest, hooks, version, namespace, apply_method, ...others } = release;
  const isEmpty = (value: unknown) => Object.keys(record(value) ?? {}).length === 0;
  return {
    name,
    info,
    ...(chart === undefined ? {} : { chart }),
    ...(isEmpty(config) ? {} : { config }),
    ...(manifest === undefined || manifest === "" ? {} : { manifest }),
    ...(hooks === undefined || hooks.length === 0 ? {} : { hooks }),
    version,
    namespace,
    ...(apply_method === undefined || apply_method === "" ? {} : { apply_method }),
    ...others,
  };
}

/**
 * Reads a record that Helm, Zarf or we wrote.
 *
 * @throws OperatorError RELEASE_RECORD_INVALID for what is none: cut off, not gzip, not JSON, beyond 64 MiB
 */
export function decodeRecord(secret: KubeObject): ReleaseRecord {
  const { name: object = "", namespace = "" } = secret.metadata;
  const what = `Secret/${namespace}/${object}`;
  const invalid = (why: string, cause?: unknown) =>
    new OperatorError("RELEASE_RECORD_INVALID", `${what} is not the record of a release: ${why}`, {
      where: { object: what },
      next: [`kubectl -n ${namespace} delete secret ${object}    forgets this revision`],
      retry: "later",
      cause,
    });
  const value = record(secret["data"])?.["release"];
  if (typeof value !== "string") throw invalid("it has no key `release`");
  const packed = Buffer.from(Buffer.from(value, "base64").toString("latin1"), "base64");
  let text: string;
  try {
    text = (
      packed.subarray(0, 3).equals(gzipMagic) ? gunzipSync(packed, { maxOutputLength: maxInflatedBytes }) : packed
    ).toString("utf8");
  } catch (error) {
    throw invalid("it cannot be decompressed", error);
  }
  const read = parseObject(text, what);
  if (typeof read["name"] !== "string" || typeof read["version"] !== "number" || record(read["info"]) === undefined)
    throw invalid("name, version or info is missing");
  return read as unknown as ReleaseRecord;
}
