import type { Fault } from "../faults.ts";
import { Boot } from "./boot.ts";
import type { BootEnd } from "./boot-ports.ts";
import { addApi } from "./calls/api.ts";
import { type ApiDoor, ApiListener } from "./listener.ts";
import { skewedClock } from "./skewed-clock.ts";
import { TrustBook } from "./trust-book.ts";
import type { Machine, MachineDisk, MachineOptions, MachineStage } from "./types.ts";

/** Machines that were given no book of their own share this one. */
const commonTrust = new TrustBook();

/**
 * A simulated machine: it boots, waits in maintenance for a config, installs, reboots and runs, and all that time answers on
 * its port as Talos 1.13.9 does, over real TLS and gRPC. What it has inside is the interior's matter.
 */
export function createMachine(options: MachineOptions): Machine {
  return new SimulatedMachine(options);
}

class SimulatedMachine implements Machine {
  readonly name: string;
  readonly address: string;
  readonly #options: MachineOptions;
  readonly #listener: ApiDoor;
  readonly #listeners = new Set<(stage: MachineStage) => void>();
  #faults: readonly Fault[];
  #stage: MachineStage = "off";
  #boot: Boot | undefined;
  #life: Promise<void> | undefined;
  #power: AbortController | undefined;
  #listening = Promise.withResolvers<void>();

  constructor(options: MachineOptions) {
    this.name = options.name;
    this.address = options.address;
    this.#options = { ...options, clock: skewedClock(options.clock, () => this.#clockOffsetMs()) };
    this.#faults = (options.faults ?? []).filter(({ node }) => node === options.name);
    this.#listener = options.door ?? new ApiListener(this.#options);
    for (const fault of this.#faults) if (fault.kind === "drop-connections") this.#listener.dropNext(fault.count);
  }

  get port(): number {
    return this.#listener.port;
  }

  get stage(): MachineStage {
    return this.#stage;
  }

  get nodeName(): string {
    return this.#boot?.config.nodeName ?? this.name;
  }

  readonly start = async (): Promise<void> => {
    this.powerOn();
    if (this.#power !== undefined) await Promise.race([this.#listening.promise, this.#life]);
  };

  readonly powerOn = (): void => {
    if (this.#power !== undefined || this.#has("dead")) return;
    const power = new AbortController();
    this.#power = power;
    this.#life = this.#live(power.signal).catch((error: unknown) => {
      if (!power.signal.aborted) throw error;
    });
  };

  readonly powerOff = async (): Promise<void> => {
    if (this.#power === undefined) return;
    this.#power.abort();
    this.#power = undefined;
    this.#boot?.cut();
    this.#listener.kill();
    await this.#options.interior.stop("power-loss");
    await this.#life;
    this.#enter("off");
  };

  readonly inject = (fault: Fault): void => {
    if (fault.node !== this.name) return;
    if (fault.kind === "drop-connections") this.#listener.dropNext(fault.count);
    else this.#faults = [...this.#faults, fault];
    if (fault.kind === "dead") void this.powerOff();
    if (fault.kind === "lose-power" && fault.at === this.#stage) this.#losePower(fault);
  };

  readonly onChange = (listener: (stage: MachineStage) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly close = async (): Promise<void> => {
    await this.powerOff();
    this.#listeners.clear();
  };

  async #live(power: AbortSignal): Promise<void> {
    while (!power.aborted) {
      this.#enter("starting");
      const boot = this.#newBoot();
      this.#boot = boot;
      const end = await boot.run();
      if (end.how === "reboot" && !end.isReset) this.#enter("rebooting");
      await this.#goDown(boot, end, power);
      if (end.how === "shutdown") return;
      this.#enter("rebooting");
      await this.#options.clock.sleep(this.#options.timings.rebootMs, { signal: power });
    }
  }

  async #goDown(boot: Boot, end: BootEnd, power: AbortSignal): Promise<void> {
    boot.beginEnding(end);
    await this.#options.interior.stop("shutdown");
    boot.stopApi();
    await this.#listener.drain(this.#options.timings.drainMs, { signal: power });
    power.throwIfAborted();
    if (end.wipe !== undefined) await this.#options.interior.wipe(end.wipe);
    boot.cut();
    if (end.how === "reboot") return;
    this.#power = undefined;
    this.#enter("off");
  }

  #newBoot(): Boot {
    const boot: Boot = new Boot({
      options: this.#options,
      listener: this.#listener,
      disks: this.#disks(),
      addApi: (server, caller) => addApi(server, boot, caller),
      trust: this.#options.trust ?? commonTrust,
      enter: (stage) => this.#enter(stage),
      listening: () => this.#listening.resolve(),
      refuseInstall: () => (this.#has("refuse-install") ? "the installer was made to fail" : undefined),
      installMs: () => this.#options.timings.installMs * this.#slowness(),
    });
    return boot;
  }

  #disks(): readonly MachineDisk[] {
    const { disks } = this.#options.hardware;
    if (!this.#has("wrong-serial")) return disks;
    return disks.map((disk) => ({ ...disk, serial: `WRONG-${disk.serial}` }));
  }

  #slowness(): number {
    return this.#faults.reduce((factor, fault) => (fault.kind === "slow-disk" ? factor * fault.factor : factor), 1);
  }

  /** The latest fault of the clock counts, so that one of 0 seconds sets it right again. */
  #clockOffsetMs(): number {
    const fault = this.#faults.findLast(({ kind }) => kind === "clock");
    return fault?.kind === "clock" ? fault.offsetSeconds * 1000 : 0;
  }

  #has(kind: Fault["kind"]): boolean {
    return this.#faults.some((fault) => fault.kind === kind);
  }

  #enter(stage: MachineStage): void {
    if (stage === this.#stage) return;
    this.#stage = stage;
    for (const listener of this.#listeners) listener(stage);
    const fault = this.#faults.find((candidate) => candidate.kind === "lose-power" && candidate.at === stage);
    if (fault !== undefined) this.#losePower(fault);
  }

  /** Once: the plug is pulled, and put back after the time of a reboot. */
  #losePower(fault: Fault): void {
    this.#faults = this.#faults.filter((other) => other !== fault);
    setImmediate(() => {
      void this.powerOff().then(async () => {
        await this.#options.clock.sleep(this.#options.timings.rebootMs, { signal: AbortSignal.timeout(2 ** 31 - 1) });
        this.powerOn();
      });
    });
  }
}
