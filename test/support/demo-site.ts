import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { startInternet } from "../../parts/index.ts";
import type { ProcessRecord } from "../../src/lab/process-record.ts";
import { rackProcesses, stillAlive } from "./rack-processes.ts";
import { type SkerryOptions, type SkerryResult, skerry } from "./skerry.ts";

/** One control plane and one worker. */
export const onePlusOne = `apiVersion: skerry.dev/v1alpha1
kind: Site
name: small
talos: v1.13.9
kubernetes: v1.36.3
endpoint: 10.5.0.2
cni: package
nodes:
  - {name: cp-1, role: controlplane, address: 10.5.0.2, disk: {path: /dev/sda}}
  - {name: w-1, role: worker, address: 10.5.0.3, disk: {path: /dev/sda}}
trust: {keys: [demo.pub]}
packages:
  - {name: rack-cni, before: ready}
  - {name: demo, variables: {DOMAIN: small.example}}
`;

/** A folder with the demo's definition, its sealed bundle, and a state folder of its own; racks are started from it. */
export interface DemoSite {
  readonly folder: string;
  /** XDG_STATE_HOME of every command. */
  readonly stateDir: string;
  /** Runs `skerry ARGS` in the folder. */
  readonly skerry: (args: readonly string[], options?: Pick<SkerryOptions, "env" | "onEvent">) => Promise<SkerryResult>;
  /** Starts a rack for a site of the folder, with a mirror port of its own so that racks can be brought up side by side. */
  readonly rack: (name: string, site: string, flags?: readonly string[]) => Promise<DemoRack>;
  /** Takes every rack down, expects that nothing of them runs any more, and removes the folder. */
  readonly remove: () => Promise<void>;
}

export interface DemoRack {
  readonly name: string;
  /** The rack's own site.yaml, and its state: kubeconfig, mirror.log, events. */
  readonly siteFile: string;
  readonly stateFolder: string;
  /** What runs for it now. */
  readonly processes: () => readonly ProcessRecord[];
}

/**
 * Copies `bundles/demo`, makes a key and the bundle, and switches the registry that played the internet off.
 *
 * @param options.prepare - called while there is internet and before the bundle is made: changes what lies in the folder, and makes
 *   with `create` (`skerry bundle create ARGS`) what else is taken along
 */
export async function demoSite(options: {
  readonly signal: AbortSignal;
  readonly prepare?: (folder: string, create: (...args: readonly string[]) => Promise<SkerryResult>) => Promise<void>;
}): Promise<DemoSite> {
  const folder = await mkdtemp(join(tmpdir(), "skr-"));
  const stateDir = join(folder, "state");
  await cp("bundles/demo", folder, { recursive: true });
  await mkdir(stateDir);
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  await writeFile(join(folder, "demo.key"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  await writeFile(join(folder, "demo.pub"), publicKey.export({ type: "spki", format: "pem" }));
  const racks: string[] = [];
  const run: DemoSite["skerry"] = async (args, more = {}) =>
    await skerry(args, { cwd: folder, stateDir, signal: options.signal, ...more });
  const internet = await startInternet(options);
  try {
    const overrides = Object.entries(internet.overrides).flatMap(([host, url]) => [
      "--registry-override",
      `${host}=${url}`,
    ]);
    const create = async (...args: readonly string[]) =>
      succeeded(await run(["bundle", "create", ...args, ...overrides]));
    await options.prepare?.(folder, create);
    await create();
  } finally {
    await internet.stop();
  }
  return {
    folder,
    stateDir,
    skerry: run,
    rack: async (name, site, flags = []) => {
      const file = join(folder, `${name}.yaml`);
      await writeFile(file, `${await siteText(folder, site)}\nmirror: {port: ${await freePort()}}\n`);
      racks.push(name);
      succeeded(await run(["lab", "up", name, "--site", file, ...flags]));
      const rackFolder = join(stateDir, "skerry", "racks", name);
      return {
        name,
        siteFile: join(rackFolder, "site", "site.yaml"),
        stateFolder: join(rackFolder, "state"),
        processes: () => rackProcesses(stateDir, name),
      };
    },
    remove: async () => {
      const started = racks.flatMap((name) => rackProcesses(stateDir, name));
      for (const name of racks) await skerry(["lab", "down", name], { cwd: folder, stateDir });
      await rm(folder, { recursive: true, force: true });
      expect(stillAlive(started)).toEqual([]);
    },
  };
}

/** Fails with what the command said where it did not end with 0. */
export function succeeded(result: SkerryResult): SkerryResult {
  expect(result.code, `${result.stderr}\n${result.stdout}`).toBe(0);
  return result;
}

/** A file of the folder, or the text itself. */
async function siteText(folder: string, site: string): Promise<string> {
  return site.includes("\n") ? site : await readFile(join(folder, site), "utf8");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return address.port;
}
