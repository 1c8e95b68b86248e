import { type Cluster, type ForwardTarget, type KubeStreams, record, records } from "../../kube/index.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import { createRegistryClient, type RegistryClientOptions } from "../../oci/index.ts";
import { isNearby, speaksTls } from "./probe-scheme.ts";
import { type RegistryAccess, registryAccess } from "./registry-access.ts";

/** The registry as the cluster's state names it. */
export interface RegistryLocation {
  /** `127.0.0.1:31999`, `registry.example/sub/path` */
  readonly address: string;
  readonly mode: "nodeport" | "proxy" | "external";
  readonly mtlsStrategy: "" | "none" | "zarf-managed";
  readonly pushUsername: string;
  readonly pushPassword: string;
}

export interface OpenRegistryRequest {
  readonly registry: RegistryLocation;
  readonly cluster: Cluster;
  readonly streams: KubeStreams;
  /** PEM of the CA that signed an external registry's certificate; default: what this machine trusts. */
  readonly ca?: string;
  /** Speak HTTP to an external registry without asking; default false. */
  readonly plainHttp?: boolean;
  readonly signal: AbortSignal;
}

const internalService: ForwardTarget = { kind: "Service", namespace: "zarf", name: "zarf-docker-registry", port: 5000 };
const clientSecret = { apiVersion: "v1", kind: "Secret", namespace: "zarf", name: "zarf-registry-client-tls" };

/**
 * Opens the way to the cluster's registry. One that runs in the cluster is reached through the API server (its own Service, one named by
 * `….svc.cluster.local`, or the one behind a loopback NodePort), any other directly: by HTTPS, except that for hosts of private networks
 * without a CA it is found out whether they speak TLS.
 *
 * @throws OperatorError KUBE_* where the way leads through the cluster, IMAGE_PUSH_UNREACHABLE
 */
export async function openRegistry(request: OpenRegistryRequest): Promise<RegistryAccess> {
  const { registry, streams, signal } = request;
  const auth = { username: registry.pushUsername, password: registry.pushPassword };
  const label = registry.address;
  const target = await forwardTargetOf(request);
  if (target === undefined) {
    const host = registry.address.split("/")[0] ?? registry.address;
    const isPlain = await isPlainHttp(host, request);
    const ca = request.ca === undefined ? {} : { ca: request.ca };
    const apiRoot = `${isPlain ? "http" : "https"}://${host}/v2`;
    return registryAccess(registry.address, createRegistryClient({ apiRoot, label, auth, ...ca }));
  }
  const tls = await internalTls(request);
  const forward = await streams.portForward(target, { signal });
  try {
    const local = `${forward.host}:${forward.port}`;
    const isTls = tls !== undefined || (target !== internalService && (await speaksTls(local, { signal })));
    const apiRoot = `${isTls ? "https" : "http"}://${local}/v2`;
    const ca = request.ca === undefined ? {} : { ca: request.ca };
    return registryAccess(registry.address, createRegistryClient({ apiRoot, label, auth, ...ca, ...tls }), forward);
  } catch (error) {
    await forward.close();
    throw error;
  }
}

async function isPlainHttp(host: string, request: OpenRegistryRequest): Promise<boolean> {
  if (request.plainHttp === true) return true;
  // Whoever named a CA wants TLS; nobody may talk us out of it.
  if (request.ca !== undefined || !isNearby(host)) return false;
  return !(await speaksTls(host, request));
}

/** Where in the cluster the registry is; undefined where it is elsewhere. */
async function forwardTargetOf(request: OpenRegistryRequest): Promise<ForwardTarget | undefined> {
  const { address, mode } = request.registry;
  if (mode !== "external") return internalService;
  const [, name, namespace, port] = /^([^./]+)\.([^./]+)\.svc\.cluster\.local(?::(\d+))?(?:\/|$)/.exec(address) ?? [];
  if (name !== undefined && namespace !== undefined) {
    return { kind: "Service", namespace, name, port: port === undefined ? 443 : Number(port) };
  }
  const [, nodePort] = /^(?:127\.0\.0\.1|localhost|\[::1\]):(\d+)(?:\/|$)/.exec(address) ?? [];
  return nodePort === undefined ? undefined : await serviceBehind(Number(nodePort), request);
}

/** The Service that the nodes would answer for on their own loopback address. */
async function serviceBehind(
  nodePort: number,
  { cluster, signal }: OpenRegistryRequest,
): Promise<ForwardTarget | undefined> {
  const { items } = await cluster.list({ apiVersion: "v1", kind: "Service" }, { signal });
  for (const { metadata, spec } of items.map((item) => ({ metadata: item.metadata, spec: record(item["spec"]) }))) {
    const port = records(spec?.["ports"]).find((candidate) => candidate["nodePort"] === nodePort)?.["port"];
    if (typeof port === "number" && metadata.namespace !== undefined) {
      return { kind: "Service", namespace: metadata.namespace, name: metadata.name ?? "", port };
    }
  }
  return undefined;
}

/** The client certificate that the internal registry knows, where it wants one. */
async function internalTls(
  request: OpenRegistryRequest,
): Promise<Pick<RegistryClientOptions, "ca" | "clientCertificate"> | undefined> {
  const { registry, cluster, signal } = request;
  if (registry.mode === "external" || registry.mtlsStrategy !== "zarf-managed") return undefined;
  const data = record((await cluster.get(clientSecret, { signal }))["data"]);
  const text = (key: string): string => {
    const value = data?.[key];
    const pem = typeof value === "string" ? Buffer.from(value, "base64").toString("utf8") : "";
    if (pem.includes("-----BEGIN ")) return pem;
    throw new OperatorError("IMAGE_PUSH_UNTRUSTED", `the Secret zarf/${clientSecret.name} has no PEM under ${key}`, {
      where: { object: `Secret/zarf/${clientSecret.name}` },
      next: ["renew the registry's certificates with the tool that set the cluster up"],
      retry: "later",
    });
  };
  return { ca: text("ca.crt"), clientCertificate: { cert: text("tls.crt"), key: text("tls.key") } };
}
