import { OperatorError } from "../../lib/errors/index.ts";
import type { GitAccess } from "./open-git-server.ts";

/** Which repository goes where, for messages; no credentials in either. */
export interface Pushing {
  /** As the component lists it. */
  readonly name: string;
  /** As the cluster's state names the server. */
  readonly url: string;
}

const subject = ({ name, url }: Pushing): string => `repository ${name} was not pushed to ${url}`;

/** Node's and the HTTP library's codes for connections that did not come about or broke; others are bugs or pass as they are. */
export function connectionFailure(error: unknown, pushing: Pushing, access: GitAccess): unknown {
  if (error instanceof OperatorError) return error;
  const code = codeOf(error);
  if (code === "") return error;
  if (/CERT|_CA$|SIGNATURE|ISSUER|HOSTNAME_MISMATCH/.test(code)) {
    return new OperatorError(
      "REPOSITORY_UNTRUSTED",
      `${subject(pushing)}: the server's certificate is not trusted (${code})`,
      {
        next: ["give the CA that signed it, or correct the address or this laptop's clock"],
        retry: "later",
        cause: error,
      },
    );
  }
  const because = access.brokenBy();
  return new OperatorError(
    "REPOSITORY_UNREACHABLE",
    `${subject(pushing)}: ${because?.message ?? `no connection (${code})`}`,
    {
      next: ["check that the Git server runs and can be reached from here, then run the same command again"],
      retry: "same",
      cause: because ?? error,
    },
  );
}

/** An answer that is not the one hoped for. */
export function statusFailure(status: number, pushing: Pushing, access: GitAccess): OperatorError {
  const user = access.server.pushUsername;
  if (status === 401 || status === 403) {
    return new OperatorError(
      "REPOSITORY_UNAUTHORIZED",
      `${subject(pushing)}: the server refuses the user ${user} (${status})`,
      {
        next: ["compare the push user in the cluster's state with the Git server's own users and their rights"],
        retry: "later",
      },
    );
  }
  if (status === 404) {
    return new OperatorError("REPOSITORY_NOT_FOUND", `${subject(pushing)}: the server has no such repository (404)`, {
      next: [`create it on the Git server, writable for ${user}, or let the server create what is pushed`],
      retry: "later",
    });
  }
  return new OperatorError("REPOSITORY_REFUSED", `${subject(pushing)}: the server answered ${status}`, {
    next: ["look at the Git server's log, then run the same command again"],
    retry: status === 408 || status === 429 || status >= 500 ? "same" : "later",
  });
}

/** What answers is not a Git server, or not one as the protocol describes it. */
export function oddAnswer(pushing: Pushing, oddity: string, cause?: unknown): OperatorError {
  return new OperatorError("REPOSITORY_REFUSED", `${subject(pushing)}: ${oddity}`, {
    next: ["check that the address in the cluster's state is that of a Git server"],
    retry: "later",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The server took nothing, or not all of it. */
export function refused(pushing: Pushing, problems: readonly string[]): OperatorError {
  return new OperatorError("REPOSITORY_REFUSED", `${subject(pushing)}: the server refused it`, {
    problems: problems.map((message) => ({ message })),
    next: ["look at the rules of the repository on the Git server (protected branches, hooks, quotas)"],
    retry: "later",
  });
}

/** Branches or tags there hold what the package does not know. */
export function diverged(pushing: Pushing, problems: readonly string[]): OperatorError {
  return new OperatorError(
    "REPOSITORY_DIVERGED",
    `${subject(pushing)}: what is there would be lost, and nothing is forced`,
    {
      problems: problems.map((message) => ({ message })),
      next: [
        "keep what is there under another branch or tag, delete the old one on the Git server, then run the same command again",
      ],
      retry: "later",
    },
  );
}

/** The first code in an error and its causes. */
function codeOf(error: unknown, depth = 0): string {
  if (typeof error !== "object" || error === null || depth > 4) return "";
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return typeof code === "string" ? code : codeOf(cause, depth + 1);
}
