import { crc32 } from "node:zlib";
import { OperatorError } from "../../lib/errors/index.ts";

/** A repository as packages name it, in the parts that Zarf tells apart. */
export interface RepositoryName {
  /** `https://` */
  readonly protocol: string;
  /** `github.com/zarf-dev`, with user information where there is some */
  readonly hostPath: string;
  /** `zarf` */
  readonly repository: string;
  /** `.git` or empty */
  readonly suffix: string;
  /** `@v1.0.0` or empty */
  readonly atReference: string;
  /** `v1.0.0`, `refs/heads/dev`, a commit; undefined for all of them */
  readonly reference?: string;
}

const pattern =
  /^(?<protocol>[a-zA-Z]+:\/\/)(?<hostPath>.+?)\/(?<repository>[\w\-.]+?)(?<suffix>\.git)?\/?(?<atReference>@\+?(?<reference>[/+\w\-.]+))?$/;

/**
 * Reads a repository of a package: `https://host/path/name.git@reference`.
 *
 * @throws OperatorError REPOSITORY_INVALID
 */
export function parseRepositoryName(url: string): RepositoryName {
  const groups = url.length > 2048 ? undefined : pattern.exec(url)?.groups;
  if (groups === undefined) {
    throw new OperatorError(
      "REPOSITORY_INVALID",
      `${JSON.stringify(withoutCredentials(url))} does not name a repository`,
      {
        next: ["write it like https://git.example/team/app.git@v1.2.0"],
      },
    );
  }
  const { protocol = "", hostPath = "", repository = "", suffix = "", atReference = "", reference } = groups;
  return {
    protocol,
    hostPath,
    repository,
    suffix,
    atReference,
    ...(reference === undefined ? {} : { reference }),
  };
}

/** The folder below `repos/` in a component: protocol, suffix and reference count. */
export function repositoryFolder(url: string): string {
  const { protocol, hostPath, repository, suffix, atReference } = parseRepositoryName(url);
  return `${repository}-${crc32(`${protocol}${hostPath}/${repository}${suffix}${atReference}`)}`;
}

/** What the repository is called on the cluster's Git server: one for all its references. */
export function serverRepositoryName(url: string): string {
  const { hostPath, repository } = parseRepositoryName(url);
  return `${repository}-${crc32(`${hostPath}/${repository}`)}`;
}

/**
 * Where the repository is on the cluster's Git server.
 *
 * @param server.address - `https://git.example`
 */
export function serverRepositoryUrl(
  url: string,
  server: { readonly address: string; readonly pushUsername: string },
): string {
  const { suffix } = parseRepositoryName(url);
  const base = server.address.replace(/\/+$/, "");
  return `${base}/${server.pushUsername}/${serverRepositoryName(url)}${suffix}`;
}

/** For messages: the URL without what stands before an @ of its host. */
export function withoutCredentials(url: string): string {
  return url.replace(/^([a-zA-Z]+:\/\/)[^/]*@/, "$1");
}
