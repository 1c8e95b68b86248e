import { crc32 } from "node:zlib";
import { OperatorError } from "../../../lib/errors/index.ts";

/** A repository as a component lists it: `https://host/team/app.git@v1.2.0`. */
export interface RepositoryUrl {
  /** Without the reference: what is cloned. */
  readonly url: string;
  /** Tag, commit of 40 hex digits or `refs/…`; absent: everything. */
  readonly ref?: string;
  /** Its folder in a package, `app-<crc32>`. */
  readonly folder: string;
}

const pattern =
  /^(?<proto>[a-z]+:\/\/)(?<host>.+?)\/(?<repo>[\w\-.]+?)(?<git>\.git)?(?:\/)?(?<atRef>@(?<force>\+)?(?<ref>[/+\w\-.]+))?$/;

/**
 * Takes a listed repository apart.
 *
 * @throws OperatorError PACKAGE_REPOSITORY_INVALID
 * @see https://docs.zarf.dev/ref/components/#git-repositories (Zarf v0.84.0)
 */
export function splitRepository(listed: string): RepositoryUrl {
  const groups = pattern.exec(listed)?.groups;
  if (groups === undefined)
    throw new OperatorError("PACKAGE_REPOSITORY_INVALID", "a listed repository is not a Git URL", {
      next: ["write it like https://host/team/app.git or https://host/team/app.git@v1.2.0"],
    });
  const { proto = "", host = "", repo = "", git = "", atRef = "", ref } = groups;
  const url = `${proto}${host}/${repo}${git}`;
  return { url, ...(ref === undefined ? {} : { ref }), folder: `${repo}-${crc32(`${url}${atRef}`)}` };
}

/** A URL without what may be secret in it: user, password and query. */
export function shownUrl(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return url.replace(/\/\/[^/@]*@/, "//").replace(/\?.*$/, "");
  }
}
