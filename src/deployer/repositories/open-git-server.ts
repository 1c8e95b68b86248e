import { Agent, type Dispatcher } from "undici";
import type { Cluster, ForwardTarget, KubeStreams } from "../../kube/index.ts";
import { OperatorError } from "../../lib/errors/index.ts";

/** The Git server of a cluster, as its state names it. */
export interface GitServer {
  /** `https://git.example`, `http://zarf-gitea-http.zarf.svc.cluster.local:3000` */
  readonly address: string;
  readonly pushUsername: string;
  readonly pushPassword: string;
  /** May read what was pushed, on a server in the cluster. */
  readonly pullUsername: string;
}

/** The way to a Git server. Close it when all is pushed. */
export interface GitAccess {
  readonly server: GitServer;
  /** What is dialled: the server's own address, or a loopback port that leads to it. */
  readonly url: string;
  /** Whether it runs in the cluster, where readers are let in by its own API. */
  readonly isInternal: boolean;
  readonly dispatcher: Dispatcher;
  /** What ended the way to the server last, where that is not the server's own failure. */
  readonly brokenBy: () => Error | undefined;
  readonly close: () => Promise<void>;
}

export interface OpenGitServerRequest {
  /** Undefined where the cluster's state names none. */
  readonly git: GitServer | undefined;
  readonly cluster: Pick<Cluster, "server">;
  readonly streams: KubeStreams;
  /** PEM of the CA that signed the server's certificate; default: what this machine trusts. */
  readonly ca?: string;
  readonly signal: AbortSignal;
}

/**
 * Opens the way to the cluster's Git server: through the API server where it runs in the cluster, directly else.
 *
 * @throws OperatorError REPOSITORY_NO_SERVER, KUBE_* where the way leads through the cluster
 */
export async function openGitServer(request: OpenGitServerRequest): Promise<GitAccess> {
  const { git, streams, ca, signal } = request;
  if (git === undefined) {
    throw new OperatorError("REPOSITORY_NO_SERVER", `the cluster at ${request.cluster.server} has no Git server`, {
      next: ["leave out the components with repositories", "or set the cluster up with a Git server"],
      retry: "later",
    });
  }
  const target = forwardTarget(git.address);
  const dispatcher = new Agent({
    connect: { timeout: 10_000, ...(ca === undefined ? {} : { ca }) },
    headersTimeout: 300_000,
    bodyTimeout: 300_000,
  });
  if (target === undefined) {
    const close = (): Promise<void> => dispatcher.destroy();
    return { server: git, url: git.address, isInternal: false, dispatcher, brokenBy: () => undefined, close };
  }
  const forward = await streams.portForward(target, { signal });
  return {
    server: git,
    url: `${new URL(git.address).protocol}//${forward.host}:${forward.port}`,
    isInternal: true,
    dispatcher,
    brokenBy: forward.brokenBy,
    close: async () => {
      await dispatcher.destroy();
      await forward.close();
    },
  };
}

/** `http://NAME.NAMESPACE.svc.cluster.local:PORT` is a Service of the cluster. */
function forwardTarget(address: string): ForwardTarget | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new OperatorError(
      "REPOSITORY_NO_SERVER",
      "the cluster's state names a Git server that is not an http(s) URL",
      {
        next: ["correct gitServer.address in the Secret zarf/zarf-state"],
        retry: "later",
      },
    );
  }
  const [, name, namespace] = /^([^.]+)\.([^.]+)\.svc\.cluster\.local$/.exec(url.hostname) ?? [];
  if (name === undefined || namespace === undefined) return undefined;
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  return { kind: "Service", namespace, name, port };
}
