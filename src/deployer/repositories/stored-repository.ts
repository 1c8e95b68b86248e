import { OperatorError } from "../../lib/errors/index.ts";
import type { ComponentFiles } from "../package/open-package.ts";
import { repositoryFolder, withoutCredentials } from "./repository-name.ts";

/** A repository that a component carries: what of it can be pushed. */
export interface StoredRepository {
  /** As the component lists it, without credentials. */
  readonly name: string;
  /** `repos/site-2766009005/.git` */
  readonly gitFolder: string;
  readonly files: ComponentFiles;
  /** Branches and tags by full name, with the hash of what they point to. */
  readonly references: ReadonlyMap<string, string>;
  /** Paths of pack files. */
  readonly packs: readonly string[];
  /** Paths of objects that are files of their own. */
  readonly looseObjects: readonly string[];
}

const maxReferenceBytes = 4096;
const maxPackedReferencesBytes = 64 << 20;

/**
 * Finds branches, tags and objects of a repository in a component, without unpacking it.
 *
 * @throws OperatorError REPOSITORY_INVALID
 * @see https://git-scm.com/docs/gitrepository-layout
 */
export async function readStoredRepository(
  url: string,
  files: ComponentFiles,
  call: { readonly signal: AbortSignal },
): Promise<StoredRepository> {
  const name = withoutCredentials(url);
  const gitFolder = `repos/${repositoryFolder(url)}/.git`;
  const paths = [...files.entries].filter(([path, { type }]) => type === "file" && path.startsWith(`${gitFolder}/`));
  const inGit = paths.map(([path]) => path.slice(gitFolder.length + 1));
  if (!inGit.includes("HEAD")) throw invalid(name, `the component carries no ${gitFolder}`);
  if (inGit.includes("shallow")) throw invalid(name, "it lacks its history, so it cannot be pushed");
  const references = await readReferences(name, { gitFolder, files, inGit }, call);
  return {
    name,
    gitFolder,
    files,
    references,
    packs: inGit
      .filter((path) => /^objects\/pack\/pack-[0-9a-f]+\.pack$/.test(path))
      .map((path) => `${gitFolder}/${path}`),
    looseObjects: inGit
      .filter((path) => /^objects\/[0-9a-f]{2}\/[0-9a-f]{38}$/.test(path))
      .map((path) => `${gitFolder}/${path}`),
  };
}

async function readReferences(
  name: string,
  from: { readonly gitFolder: string; readonly files: ComponentFiles; readonly inGit: readonly string[] },
  { signal }: { readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, string>> {
  const { gitFolder, files, inGit } = from;
  const texts = new Map<string, string>();
  if (inGit.includes("packed-refs")) {
    const packed = await files.read(`${gitFolder}/packed-refs`, { limitBytes: maxPackedReferencesBytes, signal });
    // Comments begin with #, the commits behind tags with ^.
    for (const [, hash, reference] of packed.toString("utf8").matchAll(/^([0-9a-f]{40}) (\S+)$/gm)) {
      texts.set(reference ?? "", hash ?? "");
    }
  }
  for (const path of inGit.filter((one) => one.startsWith("refs/"))) {
    const bytes = await files.read(`${gitFolder}/${path}`, { limitBytes: maxReferenceBytes, signal });
    texts.set(path, bytes.toString("utf8").trim());
  }
  const references = new Map<string, string>();
  for (const [reference, text] of [...texts].sort(([one], [other]) => (one < other ? -1 : 1))) {
    if (!/^refs\/(heads|tags)\//.test(reference)) continue;
    const hash = text.startsWith("ref: ") ? texts.get(text.slice(5)) : text;
    if (!isReferenceName(reference) || hash === undefined || !/^[0-9a-f]{40}$/.test(hash)) {
      throw invalid(name, `its reference ${JSON.stringify(reference)} is broken`);
    }
    references.set(reference, hash);
  }
  if (references.size === 0) throw invalid(name, "it has neither branches nor tags");
  return references;
}

/** As git check-ref-format has it: nothing that could end a line of the protocol or mean something else in it. */
function isReferenceName(reference: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  return reference.length <= 1024 && !/[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\/$|\.$|\.lock(\/|$)|\/\./.test(reference);
}

function invalid(name: string, reason: string): OperatorError {
  return new OperatorError("REPOSITORY_INVALID", `repository ${name} of the package cannot be pushed: ${reason}`, {
    next: ["make the package again"],
    retry: "later",
  });
}
