import type { AppliedConfig } from "../../interior.ts";
import { at, list, mapping, text, texts, type Values } from "../read-values.ts";

export interface EndpointTls {
  /** PEM */
  readonly ca?: string;
  readonly insecureSkipVerify: boolean;
  /** PEM */
  readonly clientIdentity?: { readonly cert: string; readonly key: string };
}

export interface EndpointAuth {
  readonly username: string;
  readonly password: string;
}

/** One place that a pull of a registry's images tries. */
export interface PullEndpoint {
  /** API root without a trailing slash: `https://10.5.0.1:5443/v2/ghcr.io`. */
  readonly root: string;
  /** `host[:port]` of the endpoint; what TLS and auth sections are keyed by. */
  readonly host: string;
  /** The registry that the image names, sent as `?ns=` where it is not the endpoint itself. */
  readonly namespace?: string;
  readonly tls?: EndpointTls;
  readonly auth?: EndpointAuth;
  /** Not from the config: the registry itself. */
  readonly upstream: boolean;
  /** The config gave the whole API root, so that `/v2` was not added. */
  readonly overridePath: boolean;
}

interface Mirror {
  readonly endpoints: readonly { readonly url: string; readonly overridePath: boolean }[];
  readonly skipFallback: boolean;
}

/**
 * Where a Talos node looks for images of `registry`, in order: the endpoints of the registry's own entry, else of `*`;
 * then the registry itself unless the entry skips it. An own entry fully hides `*`.
 *
 * @param registry - host[:port] as images name it: `docker.io`, `ghcr.io`, `127.0.0.1:31999`
 * @see https://docs.siderolabs.com/talos/v1.13/reference/configuration/cri/registrymirrorconfig/ and facts of containerd's `ns` query
 */
export function pullEndpoints(config: AppliedConfig, registry: string): readonly PullEndpoint[] {
  const mirrors = mirrorsOf(config);
  const mirror = mirrors.get(registry) ?? mirrors.get("*");
  const complete = withCredentials(config, registry);
  const fromMirror = (mirror?.endpoints ?? []).map((endpoint) =>
    complete(new URL(endpoint.url), endpoint.overridePath, false),
  );
  // Without an endpoint "no fallback" has no effect on the host files of containerd.
  if (mirror?.skipFallback === true && fromMirror.length > 0) return fromMirror;
  return [...fromMirror, complete(new URL(`https://${upstreamHost(registry)}`), false, true)];
}

/** The registries that have mirrors, `*` among them; also those whose entry names no endpoint. */
export function mirroredRegistries(config: AppliedConfig): readonly string[] {
  return [...mirrorsOf(config).keys()];
}

/** TLS by `host[:port]` of an endpoint. */
export function registryTls(config: AppliedConfig): ReadonlyMap<string, EndpointTls> {
  return tlsOf(config);
}

/** The registry itself, asked without mirrors or credentials. */
export function registryItself(registry: string, tls: EndpointTls): PullEndpoint {
  const host = upstreamHost(registry);
  return { root: `https://${host}/v2`, host, tls, upstream: true, overridePath: false };
}

/** Credentials by `host[:port]` of an endpoint. */
export function registryAuth(config: AppliedConfig): ReadonlyMap<string, EndpointAuth> {
  return authOf(config);
}

function withCredentials(config: AppliedConfig, registry: string) {
  const tls = tlsOf(config);
  const auth = authOf(config);
  return (url: URL, overridePath: boolean, upstream: boolean): PullEndpoint => {
    const path = url.pathname.replace(/\/+$/, "");
    const host = url.host;
    const foundTls = tls.get(host);
    const foundAuth = auth.get(host) ?? (upstream ? auth.get(registry) : undefined);
    return {
      root: `${url.origin}${overridePath || path.endsWith("/v2") ? path : `${path}/v2`}`,
      host,
      upstream,
      overridePath,
      ...(host === registry || host === upstreamHost(registry) ? {} : { namespace: registry }),
      ...(foundTls === undefined ? {} : { tls: foundTls }),
      ...(foundAuth === undefined ? {} : { auth: foundAuth }),
    };
  };
}

function upstreamHost(registry: string): string {
  return registry === "docker.io" ? "registry-1.docker.io" : registry;
}

/** Both forms: `machine.registries.mirrors` and RegistryMirrorConfig documents. */
function mirrorsOf(config: AppliedConfig): ReadonlyMap<string, Mirror> {
  const mirrors = new Map<string, Mirror>();
  for (const [name, value] of Object.entries(mapping(at(config.v1alpha1, "machine", "registries", "mirrors")))) {
    const overridePath = at(value, "overridePath") === true;
    mirrors.set(name, {
      endpoints: texts(at(value, "endpoints")).map((url) => ({ url, overridePath })),
      skipFallback: at(value, "skipFallback") === true,
    });
  }
  for (const document of documentsOf(config, "RegistryMirrorConfig")) {
    mirrors.set(text(document["name"]) ?? "", {
      endpoints: list(document["endpoints"]).flatMap((endpoint) => {
        const url = text(at(endpoint, "url"));
        return url === undefined ? [] : [{ url, overridePath: at(endpoint, "overridePath") === true }];
      }),
      skipFallback: document["skipFallback"] === true,
    });
  }
  return mirrors;
}

function tlsOf(config: AppliedConfig): ReadonlyMap<string, EndpointTls> {
  const found = new Map<string, EndpointTls>();
  for (const [host, value] of Object.entries(mapping(at(config.v1alpha1, "machine", "registries", "config")))) {
    const section = at(value, "tls");
    if (section === undefined) continue;
    found.set(
      host,
      tlsSection(section, "crt", (content) => Buffer.from(content, "base64").toString()),
    );
  }
  for (const document of documentsOf(config, "RegistryTLSConfig")) {
    found.set(
      text(document["name"]) ?? "",
      tlsSection(document, "cert", (content) => content),
    );
  }
  return found;
}

function tlsSection(section: unknown, certKey: string, decode: (content: string) => string): EndpointTls {
  const ca = text(at(section, "ca"));
  const cert = text(at(section, "clientIdentity", certKey));
  const key = text(at(section, "clientIdentity", "key"));
  return {
    insecureSkipVerify: at(section, "insecureSkipVerify") === true,
    ...(ca === undefined ? {} : { ca: decode(ca) }),
    ...(cert === undefined || key === undefined ? {} : { clientIdentity: { cert: decode(cert), key: decode(key) } }),
  };
}

function authOf(config: AppliedConfig): ReadonlyMap<string, EndpointAuth> {
  const found = new Map<string, EndpointAuth>();
  const add = (host: string, section: unknown) => {
    const username = text(at(section, "username"));
    const encoded = text(at(section, "auth"));
    if (username !== undefined) found.set(host, { username, password: text(at(section, "password")) ?? "" });
    else if (encoded !== undefined) {
      const [name = "", ...rest] = Buffer.from(encoded, "base64").toString().split(":");
      found.set(host, { username: name, password: rest.join(":") });
    }
  };
  for (const [host, value] of Object.entries(mapping(at(config.v1alpha1, "machine", "registries", "config")))) {
    add(host, at(value, "auth"));
  }
  for (const document of documentsOf(config, "RegistryAuthConfig")) add(text(document["name"]) ?? "", document);
  return found;
}

function documentsOf(config: AppliedConfig, kind: string): readonly Values[] {
  return config.documents.filter((document) => document["kind"] === kind);
}
