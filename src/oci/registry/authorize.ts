import { z } from "zod";
import { OperatorError } from "../../lib/errors/index.ts";
import { type Challenge, parseChallenge } from "./challenge.ts";
import type { Asked } from "./failures.ts";
import type { RegistryAuth, RegistryRequest } from "./registry-request.ts";

/** Keeps tokens per repository and action, and earns new ones when a registry challenges. */
export interface Authorizer {
  /** The Authorization header that worked last for this scope. */
  readonly known: (scope: RegistryRequest["scope"]) => string | undefined;
  /** The header that answers a challenge; undefined when there is nothing to answer with. */
  readonly answer: (
    challenge: string | undefined,
    wanted: RegistryRequest,
    asked: Asked,
  ) => Promise<string | undefined>;
}

const Token = z.object({ token: z.string().optional(), access_token: z.string().optional() });

/** Token servers on another host than the registry that are known to belong to it. */
const knownTokenHosts: Readonly<Record<string, string>> = { "registry-1.docker.io": "auth.docker.io" };

/** @see https://distribution.github.io/distribution/spec/auth/token/ */
export function createAuthorizer(options: {
  readonly registryHost: string;
  readonly isPlain: boolean;
  readonly auth?: RegistryAuth;
  readonly fetchToken: (
    url: URL,
    authorization: string | undefined,
    options: { readonly what: string; readonly signal: AbortSignal },
  ) => Promise<Uint8Array>;
}): Authorizer {
  const headers = new Map<string, string>();
  const { auth, registryHost } = options;
  const basic =
    auth === undefined ? undefined : `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`;
  const tokenHost = auth?.tokenHost ?? knownTokenHosts[registryHost] ?? registryHost;

  async function bearer(
    challenge: Extract<Challenge, { kind: "bearer" }>,
    wanted: RegistryRequest,
    asked: Asked,
  ): Promise<string> {
    const url = URL.canParse(challenge.realm) ? new URL(challenge.realm) : undefined;
    if (url?.protocol !== "https:" && !(options.isPlain && url?.protocol === "http:")) {
      throw refused(asked, "it names a token server without TLS");
    }
    // A registry could name any host as its token server; the password goes to the one that it is for.
    if (basic !== undefined && url.host !== tokenHost) {
      throw refused(
        asked,
        `it sends credentials to the token server ${url.host}; name that as its token host if it is right`,
      );
    }
    const { repository, action } = wanted.scope;
    const scope = challenge.scope ?? `repository:${repository}:${action === "push" ? "pull,push" : "pull"}`;
    url.searchParams.set("scope", scope);
    if (challenge.service !== undefined) url.searchParams.set("service", challenge.service);
    const bytes = await options.fetchToken(url, basic, { what: "a token", signal: wanted.signal });
    const token = readToken(bytes);
    if (token === undefined) throw refused(asked, `the token server ${url.host} gave no token`);
    return `Bearer ${token}`;
  }

  return {
    known: (scope) => headers.get(keyOf(scope)) ?? headers.get("basic"),
    answer: async (text, wanted, asked) => {
      const challenge = text === undefined ? undefined : parseChallenge(text);
      if (challenge === undefined) return undefined;
      if (challenge.kind === "bearer") {
        const header = await bearer(challenge, wanted, asked);
        headers.set(keyOf(wanted.scope), header);
        return header;
      }
      if (basic !== undefined) headers.set("basic", basic);
      return basic;
    },
  };
}

const keyOf = ({ repository, action }: RegistryRequest["scope"]): string => `${action} ${repository}`;

function readToken(bytes: Uint8Array): string | undefined {
  try {
    const { token, access_token: accessToken } = Token.parse(JSON.parse(new TextDecoder().decode(bytes)));
    const found = token ?? accessToken;
    // A token goes into a header: nothing that could end it may be in there.
    return found !== undefined && /^[\x21-\x7e]+$/.test(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

function refused(asked: Asked, reason: string): OperatorError {
  return new OperatorError("REGISTRY_UNAUTHORIZED", `registry ${asked.registry}, asked for ${asked.what}: ${reason}`, {
    next: ["check the credentials of this registry"],
    retry: "later",
  });
}
