import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Wipe } from "../interior.ts";

/**
 * What of a machine survives a pulled plug: a folder per partition. Nothing is made before something is written, so that
 * hundreds of machines in maintenance cost nothing.
 */
export interface Disk {
  /** Path of the device that holds an installation. */
  readonly installed: () => string | undefined;
  readonly write: (disk: string, installer: { readonly image: string; readonly digest: string }) => void;
  /** The config on the STATE partition. */
  readonly config: () => string | undefined;
  readonly saveConfig: (text: string) => void;
  /** The EPHEMERAL partition: etcd's data, images, the kubelet's keys. */
  readonly ephemeral: string;
  /** Memory of the machine: gone with the power. */
  readonly memory: string;
  readonly clearMemory: () => void;
  /** Leaves what is wiped as if it had never been written. */
  readonly wipe: (what: Wipe) => void;
}

/** @param folder - `nodes/<node>` of the rack */
export function openDisk(folder: string): Disk {
  const installation = join(folder, "disk.json");
  const config = join(folder, "state", "config.yaml");
  const ephemeral = join(folder, "ephemeral");
  const memory = join(folder, "memory");
  let installed = readInstalled(installation);
  return {
    installed: () => installed,
    write: (disk, installer) => {
      writeWhole(installation, JSON.stringify({ disk, installer: installer.image, digest: installer.digest }));
      installed = disk;
    },
    config: () => (existsSync(config) ? readFileSync(config, "utf8") : undefined),
    saveConfig: (text) => writeWhole(config, text),
    ephemeral,
    memory,
    clearMemory: () => remove(memory),
    wipe: (what) => {
      if (what.systemDisk) {
        remove(installation);
        installed = undefined;
      }
      if (what.systemDisk || what.labels.includes("STATE")) remove(join(config, ".."));
      if (what.systemDisk || what.labels.includes("EPHEMERAL")) remove(ephemeral);
    },
  };
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/** Writes a file whole, for its owner only: configs and keys of a simulated machine are as secret as of a real one. */
export function writeWhole(file: string, content: string | Uint8Array): void {
  mkdirSync(join(file, ".."), { recursive: true, mode: 0o700 });
  const temporary = `${file}.tmp`;
  writeFileSync(temporary, content, { mode: 0o600 });
  renameSync(temporary, file);
}

function readInstalled(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const value = JSON.parse(readFileSync(file, "utf8")) as { readonly disk?: unknown };
  return typeof value.disk === "string" ? value.disk : undefined;
}
