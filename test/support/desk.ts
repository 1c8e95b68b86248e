import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect } from "vitest";
import { type ErrorCode, errorCatalog } from "../../src/lib/errors/index.ts";
import { parseReference } from "../../src/oci/index.ts";
import { talosImages } from "../../src/talos/config/index.ts";
import { bundleKeys } from "./bundles.ts";
import { type FakeRegistry, startFakeRegistry } from "./registry.ts";
import { type SkerryOptions, skerry } from "./skerry.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** What `--json` prints, as far as tests look at it. */
export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly document: {
    readonly kind: string;
    readonly exitCode: number;
    readonly changed?: number;
    readonly setAside?: readonly { readonly node: string; readonly error: { readonly code: string } }[];
    readonly error?: {
      readonly code: string;
      readonly message: string;
      readonly where: Readonly<Record<string, string>>;
      readonly next: readonly string[];
      readonly problems: readonly { readonly message: string; readonly where?: Readonly<Record<string, string>> }[];
    };
  };
}

/**
 * An operator's desk: a folder with site.yaml, bundle.yaml and a signing key, a state folder, and a registry that plays the
 * internet, with a few bytes under every name that the site's closure has. Racks made of it run without Kubernetes, or no
 * further than their installation.
 */
export interface Desk extends AsyncDisposable {
  readonly folder: string;
  /** STATE, without `skerry`. */
  readonly stateHome: string;
  readonly siteFile: string;
  readonly bundleFile: string;
  readonly registry: FakeRegistry;
  /** References that the registry has. */
  readonly images: readonly string[];
  readonly write: (name: string, text: string) => Promise<void>;
  readonly read: (name: string) => Promise<string>;
  /** Runs `skerry ARGS --json`. */
  readonly json: (args: readonly string[], options?: Partial<SkerryOptions>) => Promise<Answer>;
  /** `bundle create` from the registry. */
  readonly create: (...more: readonly string[]) => Promise<Answer>;
}

const talos = "v1.13.9";
const kubernetes = "v1.36.3";

/** A site of these nodes; `more` is YAML behind them. */
export function siteText(options: {
  readonly nodes: readonly string[];
  readonly endpoint: string;
  readonly mirrorPort: number;
  readonly more?: string;
}): string {
  return `apiVersion: skerry.dev/v1alpha1
kind: Site
name: rock
talos: ${talos}
kubernetes: ${kubernetes}
endpoint: ${options.endpoint}
cni: none
mirror: {address: 127.0.0.1, port: ${options.mirrorPort}}
trust: {keys: [rock.pub]}
nodes:
${options.nodes.map((node) => `  - ${node}\n`).join("")}${options.more ?? ""}`;
}

/** Addresses at which nothing answers, so that a run which gets that far is refused at once. */
export const silentNodes = [
  "{name: cp-1, role: controlplane, address: 127.250.0.10, disk: {path: /dev/sda}}",
  "{name: w-1, role: worker, address: 127.250.0.11, disk: {path: /dev/sda}}",
];

export const bundleText = `apiVersion: skerry.dev/v1alpha1
kind: Bundle
name: rock
architectures: [amd64]
sites: [site.yaml]
sign: {key: rock.key}
`;

export async function openDesk(): Promise<Desk> {
  const temporary = await temporaryFolder();
  const folder = join(temporary.path, "site");
  const stateHome = join(temporary.path, "state");
  await mkdir(folder);
  const registry = await startFakeRegistry();
  const images = talosImages(talos, { kubernetes, cni: "none" }).map(({ reference }) => reference);
  for (const reference of images) stock(registry, reference);

  const keys = bundleKeys();
  const write = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 });
  await write("rock.key", keys.privatePem);
  await write("rock.pub", keys.publicPem);
  const mirrorPort = await freePort();
  await write("site.yaml", siteText({ nodes: silentNodes, endpoint: "127.250.0.10", mirrorPort }));
  await write("bundle.yaml", bundleText);

  const json: Desk["json"] = async (args, options) => {
    const result = await skerry([...args, "--json"], { cwd: folder, stateDir: stateHome, ...options });
    return { ...result, document: JSON.parse(result.stdout) as Answer["document"] };
  };
  const hosts = ["registry.k8s.io", "ghcr.io", "docker.io", "gcr.io"];
  const overrides = hosts.flatMap((host) => ["--registry-override", `${host}=${registry.apiRoot}/${host}`]);
  return {
    folder,
    stateHome,
    siteFile: join(folder, "site.yaml"),
    bundleFile: join(folder, "rock.bundle.tar"),
    registry,
    images,
    write,
    read: (name) => readFile(join(folder, name), "utf8"),
    json,
    create: (...more) => json(["bundle", "create", ...overrides, ...more]),
    [Symbol.asyncDispose]: async () => {
      try {
        await registry.close();
      } finally {
        await temporary[Symbol.asyncDispose]();
      }
    },
  };
}

/** Puts an image of one small layer under `reference`. */
export function stock(registry: FakeRegistry, reference: string): void {
  const { registry: host, repository, tag } = parseReference(reference);
  registry.addImage(`${host}/${repository}`, tag, [Buffer.from(`layer of ${reference}`)]);
}

/** A TCP port that nobody has on 127.0.0.1 at this moment. */
export async function freePort(address = "127.0.0.1"): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, address, resolve);
  });
  const bound = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (bound === null || typeof bound === "string") throw new Error("no port");
  return bound.port;
}

/** The error of a run that was refused, after what holds for every refusal: the catalog's exit code, a name, a next step. */
export function refusalIn(answer: Answer, code: ErrorCode): NonNullable<Answer["document"]["error"]> {
  const { error } = answer.document;
  if (error === undefined) throw new Error(`no error, exit code ${answer.code}: ${answer.stderr}`);
  expect({ code: error.code, exit: answer.code, inDocument: answer.document.exitCode }).toEqual({
    code,
    exit: errorCatalog[code].exit,
    inDocument: errorCatalog[code].exit,
  });
  expect(error.next.length, `${code} says what to do next`).toBeGreaterThan(0);
  expect(answer.stderr).toContain(code);
  return error;
}
