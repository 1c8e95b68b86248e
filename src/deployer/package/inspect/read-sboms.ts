import { z } from "zod";
import { OperatorError } from "../../../lib/errors/index.ts";
import type { OpenPackage } from "../open-package.ts";
import { flatArchive } from "./flat-archive.ts";

export interface SbomLicense {
  /** As the software says it. */
  readonly value: string;
  /** In the words of SPDX, where it is known. */
  readonly expression?: string;
}

/** A piece of software that was found in an image or in files. */
export interface SbomItem {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** `deb`, `npm`, `go-module`, `binary` … */
  readonly type: string;
  readonly purl?: string;
  readonly licenses: readonly SbomLicense[];
}

/** What was found in one image, or in the files of one component. */
export interface Sbom {
  /** Of the file in the package, without its ending. */
  readonly file: string;
  /** `docker.io/library/nginx:1.27`, `zarf-component-web` */
  readonly subject: string;
  readonly kind: "image" | "files";
  /** `Debian GNU/Linux 12 (bookworm)`; absent where there is no distribution. */
  readonly distribution?: string;
  /** By name and version. */
  readonly items: readonly SbomItem[];
}

const License = z.union([
  z.string().transform((value) => ({ value, spdxExpression: "" })),
  z.object({ value: z.string().default(""), spdxExpression: z.string().default("") }),
]);
const orEmpty = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((list) => list ?? []);

/** The parts that are shown of what Syft writes. @see https://github.com/anchore/syft/tree/main/schema/json */
const SyftDocument = z.object({
  artifacts: orEmpty(
    z.object({
      id: z.string().default(""),
      name: z.string(),
      version: z.string().default(""),
      type: z.string().default(""),
      purl: z.string().default(""),
      licenses: orEmpty(License),
    }),
  ),
  source: z
    .object({ name: z.string().default(""), version: z.string().default(""), type: z.string().default("") })
    .prefault({}),
  distro: z
    .object({ prettyName: z.string().default(""), name: z.string().default(""), versionID: z.string().default("") })
    .nullish(),
});

/**
 * What a package's bill of materials says, one image after the other; nothing where the package has none (`zarf package create
 * --skip-sbom`, packages made by Skerry).
 *
 * @throws OperatorError PACKAGE_INVALID, PACKAGE_TOO_LARGE, PACKAGE_DAMAGED
 */
export async function* readSboms(
  pkg: Pick<OpenPackage, "files" | "openFile">,
  call: { readonly signal: AbortSignal },
): AsyncGenerator<Sbom> {
  const want = (name: string) => name.endsWith(".json");
  for await (const { name, bytes } of flatArchive(pkg, "sboms.tar", { ...call, want })) yield sbomOf(name, bytes);
}

function sbomOf(name: string, bytes: Buffer): Sbom {
  const parsed = SyftDocument.safeParse(jsonOf(name, bytes));
  if (!parsed.success)
    throw new OperatorError("PACKAGE_INVALID", `${name} of sboms.tar is not what Syft writes`, { cause: parsed.error });
  const { artifacts, source, distro } = parsed.data;
  const kind = source.type === "image" ? "image" : "files";
  const file = name.replace(/\.json$/, "");
  const distribution = distro?.prettyName || [distro?.name, distro?.versionID].filter(Boolean).join(" ");
  const items = artifacts.map(
    ({ id, name: item, version, type, purl, licenses }): SbomItem => ({
      id,
      name: item,
      version,
      type,
      ...(purl === "" ? {} : { purl }),
      licenses: licenses.map(({ value, spdxExpression }) => ({
        value: value === "" ? spdxExpression : value,
        ...(spdxExpression === "" ? {} : { expression: spdxExpression }),
      })),
    }),
  );
  return {
    file,
    subject: kind === "image" ? imageSubject(file, source) : file.replace(/^zarf-component-/, "component "),
    kind,
    ...(distribution === "" ? {} : { distribution }),
    items: items.sort((a, b) => compare(a.name, b.name) || compare(a.version, b.version) || compare(a.id, b.id)),
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Zarf puts the platform behind the digest of an image that it keeps for several. */
const digestAndPlatform = /^(.*@sha256:[0-9a-f]{64})-(.+)$/;

function imageSubject(file: string, { name, version }: { readonly name: string; readonly version: string }): string {
  if (name === "") return file;
  const subject = version === "" ? name : `${name}${version.startsWith("sha256:") ? "@" : ":"}${version}`;
  const [, image, platform] = digestAndPlatform.exec(subject) ?? [];
  return image === undefined || platform === undefined ? subject : `${image} (${platform.replaceAll("-", "/")})`;
}

function jsonOf(name: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8")) as unknown;
  } catch (error) {
    throw new OperatorError("PACKAGE_INVALID", `${name} of sboms.tar is not JSON`, { cause: error });
  }
}
