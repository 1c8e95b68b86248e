import { parse } from "yaml";
import { z } from "zod";
import { OperatorError } from "../lib/errors/index.ts";

/** How to reach an API server and who we are there; PEM texts, never paths. */
export interface ClusterAccess {
  /** `https://10.5.0.2:6443` */
  readonly server: string;
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
  readonly token?: string;
  /** Default "default". */
  readonly namespace?: string;
  /** The name that the server's certificate must carry instead of the host of `server`. */
  readonly tlsServerName?: string;
}

const maxKubeconfigBytes = 1 << 20;
const flatten = ["kubectl config view --raw --flatten --minify    makes a kubeconfig that stands alone"];

const Context = z.object({ cluster: z.string(), user: z.string(), namespace: z.string().optional() });
const Server = z.object({
  server: z.string(),
  "certificate-authority-data": z.string().optional(),
  "tls-server-name": z.string().optional(),
});
const User = z.object({
  "client-certificate-data": z.string().optional(),
  "client-key-data": z.string().optional(),
  token: z.string().optional(),
});
/** Other people's document: what is not read here is left out of account. */
const Kubeconfig = z.object({
  "current-context": z.string().optional(),
  contexts: z.array(z.object({ name: z.string(), context: Context })).default([]),
  clusters: z.array(z.object({ name: z.string(), cluster: Server })).default([]),
  users: z.array(z.object({ name: z.string(), user: User })).default([]),
});

function invalid(what: string, cause?: unknown): OperatorError {
  return new OperatorError("KUBECONFIG_INVALID", `the kubeconfig cannot be used: ${what}`, { next: flatten, cause });
}

function pem(base64: string, what: string): string {
  const text = Buffer.from(base64, "base64").toString("utf8");
  if (!text.includes("-----BEGIN ")) throw invalid(`${what} is not base64 of PEM`);
  return text;
}

/**
 * Reads the current context of a kubeconfig whose credentials are inline, as Talos makes it.
 *
 * @param kubeconfigYaml - at most 1 MiB
 * @throws OperatorError KUBECONFIG_INVALID; never with a secret in its message
 * @see https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
 */
export function readKubeconfig(kubeconfigYaml: string): ClusterAccess {
  if (kubeconfigYaml.length > maxKubeconfigBytes) throw invalid("it is larger than 1 MiB");
  let value: unknown;
  try {
    value = parse(kubeconfigYaml, { maxAliasCount: 0, logLevel: "silent" });
  } catch {
    // The parser quotes the line it stumbled over, which may hold a key: its error goes no further.
    throw invalid("it is not YAML");
  }
  const parsed = Kubeconfig.safeParse(value);
  if (!parsed.success)
    throw invalid(parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "));
  const config = parsed.data;
  const context = config.contexts.find((item) => item.name === config["current-context"])?.context;
  if (context === undefined) throw invalid("current-context names no context");
  const cluster = config.clusters.find((item) => item.name === context.cluster)?.cluster;
  if (cluster === undefined) throw invalid(`it has no cluster ${context.cluster}`);
  const user = config.users.find((item) => item.name === context.user)?.user;
  if (user === undefined) throw invalid(`it has no user ${context.user}`);

  const ca = cluster["certificate-authority-data"];
  if (ca === undefined) throw invalid(`cluster ${context.cluster} has no certificate-authority-data`);
  const { "client-certificate-data": cert, "client-key-data": key, token } = user;
  if (token === undefined && (cert === undefined || key === undefined))
    throw invalid(`user ${context.user} has neither a token nor a client certificate with its key in the file`);
  if (!URL.canParse(cluster.server) || new URL(cluster.server).protocol !== "https:")
    throw invalid(`cluster ${context.cluster} has a server that is not an https URL`);
  return {
    server: cluster.server,
    ca: pem(ca, "certificate-authority-data"),
    ...(cert === undefined || key === undefined
      ? {}
      : { cert: pem(cert, "client-certificate-data"), key: pem(key, "client-key-data") }),
    ...(token === undefined ? {} : { token }),
    ...(context.namespace === undefined ? {} : { namespace: context.namespace }),
    ...(cluster["tls-server-name"] === undefined ? {} : { tlsServerName: cluster["tls-server-name"] }),
  };
}
