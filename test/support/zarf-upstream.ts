import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  createRegistryClient,
  type Descriptor,
  mediaTypes,
  parseManifest,
  parseReference,
} from "../../src/oci/index.ts";
import { type ReadEntry, readArchive } from "./archive-entries.ts";
import { answerGitFetch } from "./git-upload-server.ts";
import { type FakeRegistry, startFakeRegistry } from "./registry.ts";

const fixtures = "test/fixtures/zarf/public";
const { signal } = new AbortController();

/**
 * Everything that the sources of the fixtures fetch: their images and a chart in a registry, files, a chart repository and two Git
 * repositories over HTTP. All of it is taken out of the packages that real Zarf made from those sources.
 */
export interface ZarfUpstream {
  readonly registry: FakeRegistry;
  /** For --registry-override: every registry that the sources name. */
  readonly overrides: Readonly<Record<string, string>>;
  /** `127.0.0.1:40123`, in the place of the sources' `127.0.0.1:5088`. */
  readonly webHost: string;
  readonly close: () => Promise<void>;
}

export async function startZarfUpstream(): Promise<ZarfUpstream> {
  const registry = await startFakeRegistry();
  const client = createRegistryClient({ apiRoot: registry.apiRoot });
  const folder = await mkdtemp(path.join(tmpdir(), "skerry-upstream-"));
  for (const set of await readdir(fixtures))
    for (const file of await readdir(path.join(fixtures, set)))
      if (/\.tar(\.zst)?$/.test(file))
        await pushImages(await readArchive(path.join(fixtures, set, file)), registry, client);

  const charts = await componentOf("remote-charts/zarf-package-remote-charts-amd64-1.0.0.tar.zst", "charts");
  const chartOf = (name: string): Buffer => charts.get(`charts/charts/${name}`)?.bytes ?? Buffer.alloc(0);
  const packed = chartOf("from-oci-0.4.0.tgz");
  registry.addManifest("charts/ocichart", "0.4.0", {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: registry.addBlob(Buffer.from("{}"), "application/vnd.cncf.helm.config.v1+json"),
    layers: [registry.addBlob(packed, "application/vnd.cncf.helm.chart.content.v1.tar+gzip")],
  });
  const repos = "repos/zarf-package-repos-amd64-1.0.0.tar.zst";
  await unpackClone(await componentOf(repos, "all"), "all/repos/site-2766009005/", path.join(folder, "site"));
  await unpackClone(await componentOf(repos, "tagged"), "tagged/repos/tools-4187360835/", path.join(folder, "tools"));
  await asMain(path.join(folder, "tools"));

  const repoChart = chartOf("from-repo-0.5.0.tgz");
  const files = new Map<string, string | Buffer>([
    ["/www/remote.txt", "remote content\n"],
    ["/www/charts/repochart-0.5.0.tgz", repoChart],
    ["/www/charts/index.yaml", indexOf(repoChart)],
  ]);
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://x");
    const [, repo, below = ""] = /^\/demo\/(site|tools)(?:\.git)?(\/.*)$/.exec(pathname) ?? [];
    const content = files.get(pathname);
    if (repo !== undefined)
      void answerGitFetch(path.join(folder, repo), below, request, response).catch((error: unknown) =>
        response.destroy(error as Error),
      );
    else if (content === undefined) response.writeHead(404).end();
    else response.writeHead(200).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const hosts = ["docker.io", "ghcr.io", "registry.k8s.io", "127.0.0.1:5055"];
  return {
    registry,
    overrides: Object.fromEntries(hosts.map((host) => [host, registry.apiRoot])),
    webHost: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await client.close();
      await registry.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function componentOf(file: string, component: string): Promise<ReadonlyMap<string, ReadEntry>> {
  const outer = await readArchive(path.join(fixtures, file));
  const tar = outer.get(`components/${component}.tar`);
  if (tar === undefined) throw new Error(`no ${component} in ${file}`);
  return await readArchive(tar.bytes);
}

const indexOf = (chart: Buffer): string =>
  `apiVersion: v1\nentries:\n  repochart:\n  - {name: repochart, version: 0.4.9, urls: [none.tgz]}\n  - name: repochart\n    version: 0.5.0\n    urls: [repochart-0.5.0.tgz]\n    digest: ${createHash("sha256").update(chart).digest("hex")}\n`;

async function pushImages(
  files: ReadonlyMap<string, ReadEntry>,
  registry: FakeRegistry,
  client: ReturnType<typeof createRegistryClient>,
): Promise<void> {
  const index = files.get("images/index.json");
  if (index === undefined) return;
  const bytesOf = (digest: string) => files.get(`images/blobs/sha256/${digest.slice(7)}`)?.bytes ?? Buffer.alloc(0);
  for (const name of files.keys())
    if (name.startsWith("images/blobs/sha256/")) registry.addBlob(files.get(name)?.bytes ?? Buffer.alloc(0));
  const push = async (repository: string, { digest, mediaType }: Descriptor, tag: string): Promise<void> => {
    const manifest = parseManifest(bytesOf(digest), { what: tag });
    if (manifest.kind === "index") for (const child of manifest.manifests) await push(repository, child, child.digest);
    await client.pushManifest(repository, tag, { mediaType, bytes: bytesOf(digest) }, { signal });
  };
  for (const descriptor of (JSON.parse(index.bytes.toString()) as { manifests: Descriptor[] }).manifests) {
    const name = descriptor.annotations?.["org.opencontainers.image.ref.name"];
    if (name === undefined) continue;
    const { repository, tag, digest } = parseReference(name);
    // It was chosen out of an index, which is not in the package.
    if (descriptor.platform !== undefined && tag !== undefined) {
      const { annotations: _, ...child } = descriptor;
      await push(repository, descriptor, descriptor.digest);
      registry.addIndex(repository, tag, [child]);
      continue;
    }
    await push(repository, descriptor, digest ?? tag ?? "latest");
  }
}

async function unpackClone(files: ReadonlyMap<string, ReadEntry>, root: string, into: string): Promise<void> {
  for (const [name, { type, bytes, linkTarget }] of files) {
    if (!name.startsWith(root)) continue;
    const target = path.join(into, name.slice(root.length));
    await mkdir(type === "folder" ? target : path.dirname(target), { recursive: true });
    if (type === "file") await writeFile(target, bytes);
    if (type === "link") await symlink(linkTarget, target);
  }
}

/** The clone of one commit as the repository it came from: with its branches, without the one that Zarf made. */
async function asMain(folder: string): Promise<void> {
  const heads = path.join(folder, ".git", "refs", "heads");
  for (const name of await readdir(heads)) if (name.startsWith("zarf-ref-")) await rm(path.join(heads, name));
  const remote = path.join(folder, ".git", "refs", "remotes", "online-upstream");
  for (const name of await readdir(remote))
    await writeFile(path.join(heads, name), await readFile(path.join(remote, name)));
  await writeFile(path.join(folder, ".git", "HEAD"), "ref: refs/heads/main\n");
}
