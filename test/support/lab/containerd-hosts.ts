/** One place that containerd asks for a registry's images. */
export interface AskedHost {
  /** API root: `https://10.5.0.1:5443/v2`. */
  readonly root: string;
  readonly ca?: string;
  readonly client?: readonly (readonly string[])[];
  readonly skipVerify?: boolean;
  readonly authorization?: string;
}

type Table = Readonly<Record<string, unknown>>;

/**
 * What containerd 2.2 asks, in order, for images of `registry`, by the host files of a folder: the registry's own folder or `_default`; the
 * tables `host` in the order of the file; last `server`, or the registry itself where the file names none.
 *
 * @see https://github.com/containerd/containerd/blob/v2.2.0/docs/hosts.md
 */
export function askedHosts(files: Readonly<Record<string, string>>, registry: string): readonly AskedHost[] {
  const folders = [registry.replace(/:([^:]*)$/, "_$1_"), registry, "_default"];
  const folder = folders.find((name) => Object.keys(files).some((path) => path.startsWith(`${name}/`)));
  const { root, hosts } = parseHosts(files[`${folder}/hosts.toml`] ?? "");
  const server = root["server"];
  const itself = { root: registry === "docker.io" ? "https://registry-1.docker.io/v2" : `https://${registry}/v2` };
  return [...hosts.map(([url, table]) => asked(url, table)), typeof server === "string" ? asked(server, root) : itself];
}

function asked(url: string, table: Table): AskedHost {
  const whole = table["override_path"] === true || url.endsWith("/v2");
  const header = table["header"] as Table | undefined;
  return {
    root: whole ? url : `${url}/v2`,
    ...(table["ca"] === undefined ? {} : { ca: String(table["ca"]) }),
    ...(table["client"] === undefined ? {} : { client: table["client"] as readonly (readonly string[])[] }),
    ...(table["skip_verify"] === true ? { skipVerify: true } : {}),
    ...(header === undefined ? {} : { authorization: String(header["Authorization"]) }),
  };
}

/** The part of TOML that host files use; a table that stands twice is an error, as it is in TOML. */
function parseHosts(text: string): { readonly root: Table; readonly hosts: readonly (readonly [string, Table])[] } {
  const root: Record<string, unknown> = {};
  const hosts = new Map<string, Record<string, unknown>>();
  let table = root;
  for (const line of text.split("\n").map((item) => item.trim())) {
    const section = /^\[(?:host\.(?<url>"[^"]*"))?\.?(?<header>header)?\]$/.exec(line)?.groups;
    const pair = /^(?<key>\w+) = (?<value>.+)$/.exec(line)?.groups;
    if (section !== undefined) {
      const url = section["url"] === undefined ? undefined : value(section["url"]);
      const owner = url === undefined ? root : (hosts.get(url) ?? {});
      if (section["header"] === undefined && hosts.has(url ?? "")) throw new Error(`${line} stands twice`);
      if (url !== undefined) hosts.set(url, owner);
      table = section["header"] === undefined ? owner : {};
      if (section["header"] !== undefined) owner["header"] = table;
    } else if (pair !== undefined) table[pair["key"] ?? ""] = value(pair["value"] ?? "");
    else if (line !== "" && line !== "[host]") throw new Error(`not a line of a host file: ${line}`);
  }
  return { root, hosts: [...hosts] };
}

/** Of strings, arrays and booleans; single quotes as Talos' own files have them. */
function value(text: string) {
  return JSON.parse(text.replaceAll("'", '"'));
}
