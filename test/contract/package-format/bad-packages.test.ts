import { readdirSync, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type OpenOptions, openPackage } from "../../../src/deployer/package/open-package.ts";
import { refuseUnsupported } from "../../../src/deployer/package/requirements.ts";
import { readPackageKey } from "../../../src/deployer/package/sign/public-key.ts";
import { badPackages, signingKeys } from "../../support/package-fixtures.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** What Zarf v0.84.0 said of each: "accepted", or its error. */
const zarfSaid = JSON.parse(readFileSync(join(badPackages, "zarf-said.json"), "utf8")) as Readonly<
  Record<string, { readonly what: string; readonly inspect: string; readonly deploy: string }>
>;

/** Our answer: a code and where it comes, or "accepted"; `why` where Zarf's answer to a deployment is another. */
interface Answer {
  readonly ours: string;
  readonly why?: string;
}

const at =
  (stage: string, code: string) =>
  (names: string, why?: string): readonly (readonly [string, Answer])[] =>
    names.split(" ").map((name) => [name, { ours: `${stage}: ${code}`, ...(why === undefined ? {} : { why }) }]);
const accepted = (names: string, why?: string): readonly (readonly [string, Answer])[] =>
  names.split(" ").map((name) => [name, { ours: "accepted", ...(why === undefined ? {} : { why }) }]);
const damaged = at("open", "PACKAGE_DAMAGED");
const invalid = at("open", "PACKAGE_INVALID");

const answers = new Map<string, Answer>([
  ...accepted(
    "control extra-dir name-dot-slash unknown-key no-api-version other-doc no-build inner-name-space two-frames",
  ),
  ...accepted("sums-dot-slash sums-no-final-newline sums-blank-line no-components split/good split/lower-case-keys"),
  ...accepted("index-image-missing"),
  ...accepted("file-shasum", "the sum in zarf.yaml is held against the file when it is put in its place"),

  ...damaged(
    "wrong-checksum wrong-aggregate no-aggregate missing-component changed-component extra-file extra-root-file",
  ),
  ...damaged("missing-component-unlisted truncated-zst truncated-tar name-space"),
  ...damaged(
    "sums-upper sums-two-spaces sums-crlf sums-duplicate-line sums-traversal sums-garbage sums-self sums-empty",
  ),
  ...damaged("blob-missing", "an image without its layer starts nowhere; Zarf finds out at the push, if there is one"),
  ...damaged("blob-changed", "a layer that is not what its name says would be refused by every registry and node"),
  ...damaged("split/part-missing split/part-missing-last-count-adjusted split/wrong-count split/extra-part"),
  ...damaged("split/wrong-sum split/wrong-bytes", "Zarf checks neither sum nor size of the parts"),

  ...invalid("outer-traversal outer-traversal-deep outer-traversal-inside outer-absolute outer-symlink-escape"),
  ...invalid("outer-symlink-absolute outer-hardlink-escape outer-fifo outer-device extra-symlink duplicate-entry"),
  ...invalid("name-backslash name-colon name-trailing-dot name-reserved name-newline"),
  ...invalid("garbage empty gzip-named-zst no-zarf-yaml no-checksums bad-yaml duplicate-key api-version same-doc"),
  ...invalid("component-twice component-name-traversal component-name-slash chart-name-slash package-name-slash"),
  ...invalid("index-not-json split/swapped-parts split/header-not-json"),
  ...invalid("kind", "a kind that nobody knows may mean anything"),
  ...invalid("package-name-upper", "its releases cannot be recorded, which blocks every later deployment"),
  ...invalid("trailing-garbage", "bytes that belong to nothing are bytes that nobody vouches for"),
  ...at("open", "PACKAGE_TOO_LARGE")("bomb", "2 GiB out of 68 KB fill a disk; Zarf unpacks them"),

  ...at(
    "component",
    "PACKAGE_INVALID",
  )("inner-traversal inner-absolute inner-symlink-escape inner-other-root inner-not-tar"),
  ...at("component", "PACKAGE_INVALID")("inner-empty inner-name-backslash inner-name-colon inner-name-trailing-dot"),
  ...at("component", "PACKAGE_INVALID")("inner-name-reserved"),

  ...at("carry out", "PACKAGE_FEATURE_UNSUPPORTED")("version-requirement init-kind"),
  ...at("open", "PACKAGE_ARCHITECTURE")("arch-arm64"),
  ...at("open", "PACKAGE_ARCHITECTURE")("arch-metadata", "Zarf judges it by the nodes; a site says what it is made of"),

  ...at(
    "open",
    "PACKAGE_SIGNATURE_INVALID",
  )("sig-other-key sig-swapped sig-yaml-changed sig-missing sig-unsigned-flag"),
  ...at("open", "PACKAGE_SIGNATURE_INVALID")("sig-not-json sig-stripped"),
]);

const { signal } = new AbortController();

function trustOf(name: string): OpenOptions["trust"] {
  if (!name.startsWith("sig-")) return { allowUnsigned: true };
  const file = join(signingKeys, "cosign.pub");
  return { keys: [readPackageKey({ file, pem: readFileSync(file, "utf8") })] };
}

const pathOf = (name: string) =>
  join(badPackages, `${name}${name.startsWith("split/") ? "/split.tar.zst.part000" : ".tar.zst"}`);

async function answerTo(name: string, parent: string): Promise<string> {
  let stage = "open";
  try {
    const pkg = await openPackage(
      { path: pathOf(name) },
      { signal, trust: trustOf(name), architecture: "amd64", spool: { parent } },
    );
    try {
      stage = "carry out";
      refuseUnsupported(pkg.definition);
      stage = "component";
      for (const component of pkg.definition.components) await pkg.component(component.name, { signal });
    } finally {
      await pkg.close();
    }
    return "accepted";
  } catch (error) {
    return `${stage}: ${(error as { readonly code?: string }).code ?? String(error)}`;
  }
}

describe("openPackage() of bad packages", () => {
  it.each([...answers])("answers %s, leaving nothing behind", async (name, { ours, why }) => {
    await using parent = await temporaryFolder();

    expect(await answerTo(name, parent.path)).toBe(ours);

    expect(await readdir(parent.path)).toEqual([]);
    const isAccepted = zarfSaid[name]?.deploy === "accepted";

    expect({ name, isOther: isAccepted !== (ours === "accepted") }).toEqual({ name, isOther: why !== undefined });
  });

  it("has an answer for every fixture, and leaves the parts of split ones alone", () => {
    const files = readdirSync(badPackages).flatMap((file) => file.match(/^(.+)\.tar\.zst$/)?.[1] ?? []);
    const split = readdirSync(join(badPackages, "split")).map((name) => `split/${name}`);

    expect([...answers.keys()].sort()).toEqual([...files, ...split].sort());
    expect(Object.keys(zarfSaid).sort()).toEqual([...answers.keys()].sort());
    expect(readdirSync(join(badPackages, "split/swapped-parts"))).toHaveLength(4);
  });
});
