import type { AppliedConfig } from "../../interior.ts";
import {
  type EndpointTls,
  mirroredRegistries,
  type PullEndpoint,
  pullEndpoints,
  registryAuth,
  registryItself,
  registryTls,
} from "../../node/images/pull-endpoints.ts";
import { quoted } from "./containerd-config.ts";

export interface HostsOptions {
  /** Where the files will be, for the paths in them. */
  readonly folder: string;
  /** Whether credentials are written as headers, for a puller that reads no other config. */
  readonly headers: boolean;
}

/** What is asked for a registry's images: each of `hosts` in turn, then `server`, or the registry itself where there is none. */
interface HostPlan {
  readonly hosts: readonly PullEndpoint[];
  readonly server: PullEndpoint | undefined;
}

/**
 * The host files that Talos renders for containerd from a machine config, by path below the folder: one folder per registry (`_default`
 * for `*`), in it `hosts.toml` and the certificates that it names. The last endpoint of a registry without fallback is its `server`, so that
 * nothing else is ever asked.
 *
 * @see https://github.com/containerd/containerd/blob/v2.2.0/docs/hosts.md
 */
export function registryHosts(config: AppliedConfig, options: HostsOptions): Readonly<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const [name, { hosts, server }] of options.headers ? pullerPlans(config) : criPlans(config)) {
    const folder = hostFolder(name);
    const lines = (endpoint: PullEndpoint, index: number) => {
      for (const [file, content] of certificatesOf(endpoint, index)) files[`${folder}/${file}`] = content;
      return endpointLines(endpoint, index, { ...options, folder: `${options.folder}/${folder}` });
    };
    const headers = (section: string, endpoint: PullEndpoint) =>
      options.headers ? headerSection(section, endpoint) : "";
    const root =
      server === undefined
        ? []
        : [`server = ${quoted(urlOf(server))}\n${lines(server, hosts.length)}${headers("header", server)}`];
    const sections = hosts.map((endpoint, index) => {
      const section = `host.${quoted(urlOf(endpoint))}`;
      return `[${section}]\n${lines(endpoint, index)}${headers(`${section}.header`, endpoint)}`;
    });
    files[`${folder}/hosts.toml`] = [...root, ...sections].join("\n");
  }
  return files;
}

/** Talos' own pulls know TLS and credentials of every host, that of a fallback too. */
function pullerPlans(config: AppliedConfig): readonly (readonly [string, HostPlan])[] {
  const names = [...mirroredRegistries(config), ...registryTls(config).keys(), ...registryAuth(config).keys()];
  return foldersOf(names).map((name) => {
    const all = pullEndpoints(config, name);
    // Behind `*` only containerd knows which registry is meant.
    return [name, name === "*" ? mirrorPlan(all) : { hosts: all.slice(0, -1), server: all.at(-1) }];
  });
}

/** As Talos renders them for the CRI: TLS of a registry counts where it has no mirrors, and hides `*` from it. */
function criPlans(config: AppliedConfig): readonly (readonly [string, HostPlan])[] {
  const tls = registryTls(config);
  const mirrored = mirroredRegistries(config);
  return foldersOf([...mirrored, ...tls.keys()]).flatMap((name): readonly (readonly [string, HostPlan])[] => {
    if (mirrored.includes(name)) return [[name, mirrorPlan(pullEndpoints(config, name))]];
    const own = tls.get(name);
    return own === undefined || !hasContent(own) || name === "*"
      ? []
      : [[name, { hosts: [], server: registryItself(name, own) }]];
  });
}

/** Without a fallback the last mirror stands where the registry itself would. */
function mirrorPlan(endpoints: readonly PullEndpoint[]): HostPlan {
  const last = endpoints.at(-1);
  return { hosts: endpoints.slice(0, -1), server: last?.upstream === true ? undefined : last };
}

function hasContent({ ca, clientIdentity, insecureSkipVerify }: EndpointTls): boolean {
  return ca !== undefined || clientIdentity !== undefined || insecureSkipVerify;
}

/** Names become names of folders, so that none may lead out of theirs; no image has such a registry. */
function foldersOf(names: readonly string[]): readonly string[] {
  return [...new Set(names)].filter((name) => /^(?:\*|[\w[][\w.:[\]-]*)$/.test(name));
}

/** containerd's name of a registry's folder: `*` → `_default`, `127.0.0.1:31999` → `127.0.0.1_31999_`. */
function hostFolder(name: string): string {
  return name === "*" ? "_default" : name.replace(/:(\d+)$/, "_$1_");
}

/** What containerd takes as an endpoint: the API root where it is written out, else without the `/v2` that it adds itself. */
function urlOf(endpoint: PullEndpoint): string {
  return endpoint.overridePath ? endpoint.root : endpoint.root.replace(/\/v2$/, "");
}

function endpointLines(endpoint: PullEndpoint, index: number, options: HostsOptions): string {
  const { tls } = endpoint;
  const path = (name: string) => quoted(`${options.folder}/${index}-${name}`);
  return [
    'capabilities = ["pull", "resolve"]',
    ...(endpoint.overridePath ? ["override_path = true"] : []),
    ...(tls?.ca === undefined ? [] : [`ca = ${path("ca.crt")}`]),
    ...(tls?.clientIdentity === undefined ? [] : [`client = [[${path("client.crt")}, ${path("client.key")}]]`]),
    ...(tls?.insecureSkipVerify === true ? ["skip_verify = true"] : []),
  ]
    .map((line) => `${line}\n`)
    .join("");
}

function headerSection(section: string, { auth }: PullEndpoint): string {
  if (auth === undefined) return "";
  const basic = Buffer.from(`${auth.username}:${auth.password}`).toString("base64");
  return `[${section}]\nAuthorization = ${quoted(`Basic ${basic}`)}\n`;
}

function certificatesOf({ tls }: PullEndpoint, index: number): readonly (readonly [string, string])[] {
  return [
    ...(tls?.ca === undefined ? [] : [[`${index}-ca.crt`, tls.ca] as const]),
    ...(tls?.clientIdentity === undefined
      ? []
      : [
          [`${index}-client.crt`, tls.clientIdentity.cert] as const,
          [`${index}-client.key`, tls.clientIdentity.key] as const,
        ]),
  ];
}
