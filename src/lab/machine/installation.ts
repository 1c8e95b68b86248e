import type { AppliedConfig, InteriorHost } from "../interior.ts";
import type { BootPorts } from "./boot-ports.ts";
import { installDiskOf } from "./install-disk.ts";
import type { LogBook } from "./log-book.ts";
import type { Sequences } from "./sequences.ts";

export interface InstallationPorts {
  readonly ports: BootPorts;
  readonly sequences: Sequences;
  readonly logs: LogBook;
  readonly host: InteriorHost;
  readonly signal: AbortSignal;
  /** The text to keep on the disk: the config that is in force by then. */
  readonly finalText: () => string;
}

/**
 * The install sequence: choose the disk, let the interior pull and write, keep the config. A failure is told as Talos tells it
 * and followed by Talos' long pause.
 *
 * @returns the disk; undefined when it failed
 */
export async function installTalos(config: AppliedConfig, job: InstallationPorts): Promise<string | undefined> {
  const { ports, sequences, logs, host, signal } = job;
  const { clock, interior, timings } = ports.options;
  sequences.start("install");
  sequences.begin("install", "install");
  try {
    const disk = installDiskOf(config.v1alpha1, ports.disks);
    const refused = ports.refuseInstall() ?? (disk === undefined ? "no disk matches machine.install" : undefined);
    if (refused !== undefined || disk === undefined) throw new Error(refused);
    await Promise.all([interior.install(config, disk, { signal, host }), clock.sleep(ports.installMs(), { signal })]);
    sequences.end("install", "install");
    sequences.begin("saveConfig", "saveConfig");
    interior.persistConfig(job.finalText());
    sequences.end("saveConfig", "saveConfig");
    sequences.stop("install");
    return disk;
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    logs.stamp(`[talos] task install (1/1): failed: ${reason}`);
    logs.kernel(`[talos] install sequence: failed: ${reason}`);
    sequences.stop("install", `error running phase 1 in install sequence: task 1/1: failed, ${reason}`);
    await clock.sleep(timings.failurePauseMs, { signal });
    return undefined;
  }
}
