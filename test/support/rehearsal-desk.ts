import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Bundle, openBundle } from "../../src/bundle/index.ts";
import { type Rehearsal, type RehearsalRequest, rehearse } from "../../src/cli/rehearse/rehearse.ts";
import { bundleCreate, runJourney } from "../../src/journeys/index.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { talosImages } from "../../src/talos/config/index.ts";
import { bundleKeys } from "./bundles.ts";
import { stock } from "./desk.ts";
import { startFakeRegistry } from "./registry.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A folder with a site, a package and the bundle of both; rehearsals are run from it. */
export interface RehearsalDesk extends AsyncDisposable {
  readonly folder: string;
  readonly siteFile: string;
  readonly bundleFile: string;
  readonly bundle: Bundle;
  /** Writes another site.yaml of these nodes, which the same bundle serves, and gives its path. */
  readonly site: (controlPlanes: number, workers: number, name?: string) => Promise<string>;
  readonly rehearse: (
    request?: Partial<RehearsalRequest>,
    options?: Partial<Parameters<typeof rehearse>[1]>,
  ) => Promise<Rehearsal>;
}

const talos = "v1.13.9";
const kubernetes = "v1.36.3";
const web = "docker.io/library/web:1";

export async function openRehearsalDesk(): Promise<RehearsalDesk> {
  const { signal } = new AbortController();
  const temporary = await temporaryFolder();
  const folder = temporary.path;
  const write = async (name: string, text: string) => {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const site: RehearsalDesk["site"] = (controlPlanes, workers, name = "site.yaml") =>
    write(name, siteText(controlPlanes, workers));
  const keys = bundleKeys();
  await write("rock.key", keys.privatePem);
  await write("rock.pub", keys.publicPem);
  await write("packages/web/zarf.yaml", packageText);
  await write("packages/web/web.yaml", webText);
  await write("bundle.yaml", bundleText);
  const siteFile = await site(3, 2);
  const registry = await startFakeRegistry();
  try {
    const images = talosImages(talos, { kubernetes, cni: "flannel" }).map(({ reference }) => reference);
    for (const reference of [...images, web]) stock(registry, reference);
    const hosts = ["registry.k8s.io", "ghcr.io", "docker.io", "gcr.io"];
    const registryOverrides = Object.fromEntries(hosts.map((host) => [host, `${registry.apiRoot}/${host}`]));
    const world = {
      clock: systemClock,
      random: Math.random,
      signal,
      notice: () => undefined,
      cacheDir: join(folder, "cache"),
      concurrency: 8,
    };
    const journey = await bundleCreate({ definitionFile: join(folder, "bundle.yaml"), registryOverrides }, world);
    const result = await runJourney(journey, { ...world, run: "create", emit: () => undefined });
    if (result.failed !== undefined) throw result.failed as Error;
  } finally {
    await registry.close();
  }
  const bundleFile = join(folder, "rock.bundle.tar");
  const bundle = await openBundle(bundleFile, { signal });
  return {
    folder,
    siteFile,
    bundleFile,
    bundle,
    site,
    rehearse: async (request = {}, options = {}) =>
      await rehearse(
        { siteFile, bundle, seed: 1, level: "few", faults: [], concurrency: 8, ...request },
        { signal, ...options },
      ),
    [Symbol.asyncDispose]: async () => {
      await bundle.close();
      await temporary[Symbol.asyncDispose]();
    },
  };
}

function siteText(controlPlanes: number, workers: number): string {
  const node = (name: string, role: string, index: number) =>
    `  - {name: ${name}, role: ${role}, address: 10.7.${index >> 8}.${index & 255}, disk: {serial: "SN-*"}}\n`;
  const nodes = [
    ...Array.from({ length: controlPlanes }, (_each, index) => node(`cp-${index + 1}`, "controlplane", index + 10)),
    ...Array.from({ length: workers }, (_each, index) => node(`w-${index + 1}`, "worker", controlPlanes + index + 10)),
  ];
  return `apiVersion: skerry.dev/v1alpha1
kind: Site
name: rock
talos: ${talos}
kubernetes: ${kubernetes}
endpoint: 10.7.255.1
trust: {keys: [rock.pub]}
packages: [{name: web}]
nodes:
${nodes.join("")}`;
}

const bundleText = `apiVersion: skerry.dev/v1alpha1
kind: Bundle
name: rock
architectures: [amd64]
sites: [site.yaml]
packages: [{path: packages/web}]
sign: {key: rock.key}
`;

const packageText = `kind: ZarfPackageConfig
metadata: {name: web, version: 1.0.0, architecture: amd64}
components:
  - name: web
    required: true
    manifests:
      - {name: web, namespace: web, files: [web.yaml]}
    images: [${web}]
`;

const webText = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "${web}"}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
`;
