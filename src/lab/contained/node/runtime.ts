import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { AppliedConfig } from "../../interior.ts";
import { writeWhole } from "../../node/disk.ts";
import type { RunningProgram } from "../../node/running-program.ts";
import { capabilitiesOf } from "./container-spec.ts";
import { containerdConfig, HOSTS_FOLDER } from "./containerd-config.ts";
import { followedProcess } from "./containers.ts";
import { type NodeSpace, type NodeSpaceOptions, openNodeSpace } from "./namespaces.ts";
import { nodeFiles } from "./node-files.ts";
import { type NodeImages, nodeImages } from "./node-images.ts";
import { registryHosts } from "./registry-hosts.ts";

/** Talos' own pulls read these, with the credentials in them; CRI reads HOSTS_FOLDER. */
const OWN_HOSTS_FOLDER = "/system/registries";
const CONTAINERD_CONFIG = "/etc/cri/containerd.toml";
const SOCKET = "/run/containerd/containerd.sock";
/** Talos' host DNS, which pods and CoreDNS ask; without name servers nobody answers there, at once. */
const HOST_DNS = "169.254.116.108";
const POLL_MS = 50;
const RESTART_MS = 1000;

export interface RuntimeOptions extends Omit<NodeSpaceOptions, "signal"> {
  readonly config: AppliedConfig;
  readonly nodeName: string;
  readonly address: string;
  readonly pauseImage: string;
  readonly retryUnitMs: number;
  readonly log: (line: string) => void;
  /** The log of machined. */
  readonly machined: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A node's namespaces with a containerd that answers in them. */
export interface Runtime {
  readonly space: NodeSpace;
  readonly images: NodeImages;
  /** Renders what the config says about registries anew: mirrors and TLS count at once, credentials after containerd's restart. */
  readonly reconfigure: (config: AppliedConfig) => void;
  readonly kill: () => Promise<void>;
}

/** @throws ProgramError, and Error when containerd does not come up */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { clock, log, signal } = options;
  mkdirSync(options.varFolder, { recursive: true, mode: 0o755 });
  mkdirSync(options.mountPoint, { recursive: true });
  const space = await openNodeSpace(options);
  const life = new AbortController();
  let containerd: RunningProgram | undefined;
  const kill = async (): Promise<void> => {
    life.abort();
    await space.kill();
    await containerd?.ended;
  };
  try {
    await forgetNetwork(space, signal);
    for (const [path, content] of Object.entries(nodeFiles(options))) writeWhole(space.path(path), content);
    let hosts = writeRegistries(space, options.config, options);
    const start = (): RunningProgram =>
      followedProcess(space, ["containerd", "--config", CONTAINERD_CONFIG], {
        onLine: log,
        terminate: async () => undefined,
      });
    containerd = start();
    const keep = async (): Promise<void> => {
      while (!life.signal.aborted) {
        const how = await containerd?.ended;
        if (life.signal.aborted) return;
        log(`containerd ended (${how}); it is started again`);
        await clock.sleep(RESTART_MS, { signal: life.signal });
        containerd = start();
      }
    };
    const first = containerd;
    while (!(await answers(space, signal))) {
      if (!first.running()) throw new Error(`containerd did not come up: ${await first.ended}`);
      await clock.sleep(POLL_MS, { signal });
    }
    void keep().catch(() => undefined);
    return {
      space,
      images: nodeImages({
        space,
        clock,
        hostsFolder: OWN_HOSTS_FOLDER,
        retryUnitMs: options.retryUnitMs,
        log,
        machined: options.machined,
      }),
      reconfigure: (config) => {
        const before = hosts;
        hosts = writeRegistries(space, config, options);
        if (before !== hosts) {
          log("registry credentials changed: containerd is started again");
          void space.run("/bin/busybox", ["killall", "containerd"], { signal: life.signal }).catch(() => undefined);
        }
      },
      kill,
    };
  } catch (error) {
    await kill();
    throw error;
  }
}

async function answers(space: NodeSpace, signal: AbortSignal): Promise<boolean> {
  if (!existsSync(space.path(SOCKET))) return false;
  return space.run("ctr", ["version"], { signal }).then(
    () => true,
    () => false,
  );
}

/** What the boot before left in the node's network, which outlives a power loss here; and the address that every Talos has. */
async function forgetNetwork(space: NodeSpace, signal: AbortSignal): Promise<void> {
  const script = `for link in $(ip -o link show | sed -n 's/^[0-9]*: \\([^:@]*\\).*/\\1/p'); do
  case $link in lo | eth0) ;; *) ip link delete "$link" 2>/dev/null || : ;; esac
done
nft flush ruleset
ip address replace ${HOST_DNS}/32 dev lo
echo 1 >/proc/sys/net/ipv4/ip_forward`;
  await space.run("/bin/sh", ["-c", script], { signal });
}

/** @returns containerd's config, which is read at its start only */
function writeRegistries(space: NodeSpace, config: AppliedConfig, options: RuntimeOptions): string {
  for (const [folder, headers] of [
    [HOSTS_FOLDER, false],
    [OWN_HOSTS_FOLDER, true],
  ] as const) {
    rmSync(space.path(folder), { recursive: true, force: true });
    mkdirSync(space.path(folder), { recursive: true, mode: 0o700 });
    for (const [path, content] of Object.entries(registryHosts(config, { folder, headers }))) {
      writeWhole(join(space.path(folder), path), content);
    }
  }
  const isRestricted = !capabilitiesOf(readFileSync("/proc/self/status", "utf8")).has("CAP_SYS_RESOURCE");
  const text = containerdConfig(config, { pauseImage: options.pauseImage, restrictOomScore: isRestricted });
  writeWhole(space.path(CONTAINERD_CONFIG), text);
  return text;
}
