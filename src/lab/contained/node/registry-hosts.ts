import type { AppliedConfig } from "../../interior.ts";
import { type PullEndpoint, pullEndpoints, registryNames } from "../../node/images/pull-endpoints.ts";
import { quoted } from "./containerd-config.ts";

export interface HostsOptions {
  /** Where the files will be, for the paths in them. */
  readonly folder: string;
  /** Whether credentials are written as headers, for a puller that reads no other config. */
  readonly headers: boolean;
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
  for (const name of registryNames(config)) {
    const folder = hostFolder(name);
    const endpoints = pullEndpoints(config, name);
    const own = endpoints.filter((endpoint) => !(name === "*" && endpoint.upstream));
    const last = own.at(-1);
    if (last === undefined) continue;
    // Without a fallback the last mirror stands where the registry itself would.
    const isServer = last.upstream || endpoints.every((endpoint) => !endpoint.upstream);
    const hosts = isServer ? own.slice(0, -1) : own;
    const sections = hosts.map((endpoint, index) => ({
      endpoint,
      index,
      header: `[host.${quoted(urlOf(endpoint))}]\n`,
    }));
    const lines = (endpoint: PullEndpoint, index: number) => {
      for (const [file, content] of certificatesOf(endpoint, index)) files[`${folder}/${file}`] = content;
      return endpointLines(endpoint, index, { ...options, folder: `${options.folder}/${folder}` });
    };
    const server = isServer ? `server = ${quoted(urlOf(last))}\n${lines(last, hosts.length)}\n` : "";
    const headers = isServer && options.headers ? headerSection("header", last) : "";
    files[`${folder}/hosts.toml`] =
      server +
      headers +
      sections
        .map(
          ({ endpoint, index, header }) =>
            `${header}${lines(endpoint, index)}${options.headers ? headerSection(`host.${quoted(urlOf(endpoint))}.header`, endpoint) : ""}`,
        )
        .join("\n");
  }
  return files;
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
