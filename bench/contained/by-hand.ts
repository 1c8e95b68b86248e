import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createGroup, newRackId, rackGroup, removeRackGroups } from "../../src/lab/contained/node/cgroups.ts";
import type { MachineStatus } from "../../src/lab/index.ts";
import { releaseImages } from "../../src/lab/rack/release-images.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { testAuthority } from "../../test/support/authority.ts";
import { parseApplied } from "../../test/support/lab/applied-config.ts";
import { writeHandFiles } from "./files.ts";

const MIRROR = { address: "10.5.0.1", port: 5443 } as const;
const VIRTUAL_IP = "10.5.0.100";

export interface HandOptions {
  /** Made for it, and empty. */
  readonly folder: string;
  readonly bundleFile: string;
  /** The mirror's program, as shipped. */
  readonly mirror: string;
  readonly kubectl: string;
  readonly rootfs: string;
  readonly signal: AbortSignal;
}

/** Seconds from the first containerd's start, in their order: `api`, `registered-cp-1`, …, `ready`. */
export type HandTimes = ReadonlyMap<string, number>;

/**
 * Starts by `rack.sh`, from the machine configs of our run, what our machines run, and ends all of it.
 *
 * @throws Error with what the script said when it ends before all nodes are Ready
 */
export async function startByHand(
  machines: readonly MachineStatus[],
  configs: ReadonlyMap<string, string>,
  options: HandOptions,
): Promise<HandTimes> {
  const { folder, signal } = options;
  const id = newRackId();
  const authority = testAuthority();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const nodes = machines.map(({ name, address }) => ({
    name,
    address,
    config: parseApplied(trusting(authority.ca, configs.get(name) ?? "")),
  }));
  writeHandFiles(folder, nodes, { release: releaseImages("v1.13.9", "v1.36.3"), rootfs: options.rootfs });
  const { cert, key } = authority.server({ ipAddresses: [MIRROR.address] });
  const settings = {
    NODE: process.execPath,
    MIRROR: options.mirror,
    BUNDLE: options.bundleFile,
    MIRROR_ADDRESS: MIRROR.address,
    MIRROR_PORT: MIRROR.port,
    KUBECTL: options.kubectl,
    VIRTUAL_IP: nodes.filter(({ config }) => config.role === "controlplane").length > 1 ? VIRTUAL_IP : "",
  };
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text, { mode: 0o600 });
  write("cert.pem", cert);
  write("key.pem", key);
  write(
    "settings",
    Object.entries(settings)
      .map(([name, value]) => `${name}='${value}'\n`)
      .join(""),
  );
  try {
    for (const { name } of nodes) write(join(name, "groups"), `${createGroup(rackGroup(id, name)).join("\n")}\n`);
    return await follow(folder, signal);
  } finally {
    await removeRackGroups(id, { clock: systemClock, signal: new AbortController().signal });
  }
}

/** Runs the script until it says that all is ready; with its first process everything ends. */
async function follow(folder: string, signal: AbortSignal): Promise<HandTimes> {
  const namespaces = ["--mount", "--propagation=slave", "--pid", "--net", "--ipc", "--uts", "--mount-proc"];
  const script = join(import.meta.dirname, "rack.sh");
  const child = spawn("unshare", [...namespaces, "--fork", "--kill-child", "bash", script, folder], {
    stdio: ["ignore", "pipe", "pipe"],
    signal,
    killSignal: "SIGKILL",
  });
  const ended = once(child, "exit");
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  const times = new Map<string, number>();
  let start = 0;
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const [what = "", at = ""] = line.split(" ");
      if (what === "start") start = Number(at);
      else times.set(what, Number(at) - start);
      if (what === "ready") return times;
    }
    throw new Error(`the script ended early: ${said}`);
  } finally {
    child.kill("SIGKILL");
    await ended.catch(() => undefined);
  }
}

/** The config with another CA for its mirror: ours is gone with its rack. */
function trusting(ca: string, config: string): string {
  const documents = config.split(/^---$/m).map((document) => {
    if (!/^kind: RegistryTLSConfig$/m.test(document)) return document;
    const indented = ca
      .trim()
      .split("\n")
      .map((line) => `    ${line}`)
      .join("\n");
    return document.replace(/^ca: [|>].*\n(?:[ \t]+.*\n?)+/m, `ca: |-\n${indented}\n`);
  });
  return documents.join("---");
}
