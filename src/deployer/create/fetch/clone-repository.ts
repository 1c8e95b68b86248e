import fs from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import git from "isomorphic-git";
import { OperatorError } from "../../../lib/errors/index.ts";
import { gitHttp } from "./git-http.ts";
import { plainIndex } from "./git-index.ts";
import { shownUrl, splitRepository } from "./repository-url.ts";

/** The remote's name in a package, known to whoever pushes it on. */
const remote = "online-upstream";
const commitId = /^[0-9a-f]{40}$/;

/**
 * Clones a listed repository into `folder`, in the form a package has it: everything, or one tag, one branch or one commit, with
 * its files checked out. Times and numbers of this machine are taken out of Git's index.
 *
 * @throws OperatorError PACKAGE_REPOSITORY_INVALID, PACKAGE_CLONE_FAILED
 */
export async function cloneRepository(
  listed: string,
  folder: string,
  call: { readonly signal: AbortSignal },
): Promise<void> {
  const { url, ref } = splitRepository(listed);
  const base = { fs, dir: folder };
  try {
    if (!/^https?:\/\//.test(url)) throw new Error("only http and https repositories are cloned");
    const http = gitHttp(call.signal);
    await git.init({ ...base, defaultBranch: "main" });
    await git.addRemote({ ...base, remote, url });
    const full = ref === undefined || commitId.test(ref) ? undefined : fullRef(ref);
    const fetched = await git.fetch({
      ...base,
      http,
      remote,
      ...(full === undefined ? { tags: true } : { ref: full, remoteRef: full, singleBranch: true, tags: false }),
    });
    if (fetched.fetchHead === null && full !== undefined) throw new Error(`it has no ${full}`);
    await checkOut(base, { ref, full, fetchHead: fetched.fetchHead, defaultBranch: fetched.defaultBranch });
    await tidy(folder);
  } catch (error) {
    call.signal.throwIfAborted();
    if (error instanceof OperatorError) throw error;
    const shown = `${shownUrl(url)}${ref === undefined ? "" : `@${ref}`}`;
    throw new OperatorError("PACKAGE_CLONE_FAILED", `${shown} could not be cloned: ${reasonOf(error)}`, {
      where: { file: shown },
      next: [`check that ${shown} can be reached from this machine and has what is asked for`],
      retry: "same",
      cause: error,
    });
  }
}

const fullRef = (ref: string): string => (ref.startsWith("refs/") ? ref : `refs/tags/${ref}`);

/** isomorphic-git's own sentences say what is wrong and hold no secrets but the URL, which is not passed on. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : "the server refused";
  return text.replaceAll(/\/\/[^/@\s]*@/g, "//").slice(0, 300);
}

interface Found {
  readonly ref: string | undefined;
  readonly full: string | undefined;
  readonly fetchHead: string | null;
  readonly defaultBranch: string | null;
}

async function checkOut(base: { readonly fs: typeof fs; readonly dir: string }, found: Found): Promise<void> {
  const { ref, full, fetchHead } = found;
  const makeBranch = async (name: string, commit: string) => {
    await git.writeRef({ ...base, ref: `refs/heads/${name}`, value: commit, force: true });
    await git.checkout({ ...base, ref: name, force: true });
  };
  if (full?.startsWith("refs/heads/") && fetchHead !== null) {
    await makeBranch(full.slice("refs/heads/".length), fetchHead);
    return;
  }
  if (full !== undefined && fetchHead !== null) {
    await git.writeRef({ ...base, ref: full, value: fetchHead, force: true });
    // A tag that is an object of its own names the commit.
    const { oid } = await git.readCommit({ ...base, oid: fetchHead });
    await makeBranch(`zarf-ref-${ref?.replace(/^refs\/tags\//, "")}`, oid);
    return;
  }
  const main = (found.defaultBranch ?? "refs/heads/main").replace(/^refs\/heads\//, "");
  const branches = (await git.listBranches({ ...base, remote })).filter((branch) => branch !== "HEAD");
  for (const branch of ref === undefined ? branches : [main]) {
    const value = await git.resolveRef({ ...base, ref: `refs/remotes/${remote}/${branch}` });
    await git.writeRef({ ...base, ref: `refs/heads/${branch}`, value, force: true });
  }
  if (ref === undefined) await git.checkout({ ...base, ref: main, force: true });
  else await makeBranch(`zarf-ref-${ref}`, (await git.readCommit({ ...base, oid: ref })).oid);
}

/** Takes out what depends on this machine or moment. */
async function tidy(folder: string): Promise<void> {
  const index = path.join(folder, ".git", "index");
  await writeFile(index, plainIndex(await readFile(index)));
  for (const name of ["FETCH_HEAD", "hooks", "description", "info"])
    await rm(path.join(folder, ".git", name), { recursive: true, force: true });
}
