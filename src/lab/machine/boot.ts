import type { AppliedConfig, InteriorHost } from "../interior.ts";
import { authoritiesOf, readApplied } from "./active-config.ts";
import type { BootEnd, BootPorts } from "./boot-ports.ts";
import { EventLog } from "./event-log.ts";
import { seedHardware } from "./hardware.ts";
import { installTalos } from "./installation.ts";
import { LogBook } from "./log-book.ts";
import { StatusKeeper } from "./machine-status.ts";
import { NodeApi } from "./node-api.ts";
import { NodeConfig } from "./node-config.ts";
import type { ResetPlan } from "./reset-plan.ts";
import { ResourceStore } from "./resource-store.ts";
import { Sequences } from "./sequences.ts";
import { ServiceBoard } from "./service-board.ts";
import { timeSettingsOf, waitForTime } from "./time-sync.ts";
import { untilAborted } from "./until-aborted.ts";

/** Between the answer to the first config and the end of maintenance; a real node takes 40 to 120 ms. */
const LEAVE_MS = 40;

/** One life from power-on to the next reboot: everything that Talos keeps in memory, and the sequences that it goes through. */
export class Boot {
  readonly ports: BootPorts;
  readonly events: EventLog;
  readonly logs: LogBook;
  readonly resources: ResourceStore;
  readonly services: ServiceBoard;
  readonly status: StatusKeeper;
  readonly config: NodeConfig;
  readonly #sequences: Sequences;
  readonly #api: NodeApi;
  readonly #abort = new AbortController();
  readonly #apiStop = new AbortController();
  readonly #end = Promise.withResolvers<BootEnd>();
  readonly #firstConfig = Promise.withResolvers<AppliedConfig>();
  #timeSynced = false;
  #bootstrapped = false;
  #isEnding = false;
  #onChange: () => void = () => undefined;

  constructor(ports: BootPorts) {
    const { clock, random, interior, hardware, address } = ports.options;
    this.ports = ports;
    this.events = new EventLog({ clock, random });
    this.logs = new LogBook(clock);
    this.resources = new ResourceStore(clock);
    this.config = new NodeConfig(this.resources, { uuid: hardware.uuid, address });
    this.#sequences = new Sequences(this.events);
    this.#api = new NodeApi(ports, () => this.config.nodeName);
    const { events, resources } = this;
    this.services = new ServiceBoard({ clock, events, resources, changed: () => this.refresh() });
    this.status = new StatusKeeper({
      events,
      resources,
      services: this.services,
      inputs: () => ({ role: this.role, nodeName: this.config.nodeName, timeSynced: this.#timeSynced, interior }),
    });
  }

  /** Aborted when the machine loses power or the boot is over. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Aborted when the API stops for a reboot: streams of events and logs then end with OK. */
  get apiStopping(): AbortSignal {
    return this.#apiStop.signal;
  }

  get role(): AppliedConfig["role"] | undefined {
    return this.config.whole?.role;
  }

  get timeSynced(): boolean {
    return this.#timeSynced;
  }

  /** A reboot or shutdown was asked for. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Runs until the node reboots or shuts down; rejects when the signal aborts. */
  async run(): Promise<BootEnd> {
    const { clock, interior, timings } = this.ports.options;
    const { signal } = this;
    await clock.sleep(timings.bootMs, { signal });
    this.#initialize();
    const stored = interior.installedDisk() === undefined ? undefined : interior.persistedConfig();
    const config = stored === undefined ? undefined : readApplied(stored);
    if (config !== undefined) {
      this.adopt(config, { persistent: true });
      this.#sequences.begin("config", "loadConfig");
      this.#sequences.end("config", "loadConfig");
      this.#sequences.stop("initialize");
      this.#openApi(this.#api.openConfigured(config, { signal }));
      return this.#bootConfigured(config);
    }
    const first = await this.#maintain();
    if (interior.installedDisk() === undefined) return this.#install(first);
    interior.persistConfig(first.text);
    this.#openApi(this.#api.switchTo(first, { signal }));
    return this.#bootConfigured(first);
  }

  /** A config was accepted: the first one ends maintenance, later ones take its place. */
  adopt(config: AppliedConfig, options: { readonly persistent: boolean }): void {
    const isFirst = this.config.whole === undefined;
    this.config.take(config, options);
    if (isFirst) this.#firstConfig.resolve(config);
    else this.ports.options.interior.reconfigure(config);
    this.refresh();
  }

  /** Documents without the v1alpha1 one: the node stays in maintenance, perhaps under another name and certificate. */
  adoptPartial(text: string, documents: AppliedConfig["documents"]): void {
    const before = this.config.nodeName;
    this.config.takePartial(text, documents);
    if (this.config.nodeName !== before) this.#api.renewMaintenance();
  }

  /** Bootstrap was accepted: from now on the boot does not wait for etcd. */
  markBootstrapped(): void {
    this.#bootstrapped = true;
    this.refresh();
  }

  /** Asks for the end from inside; a moment later, so that the call's answer gets out. */
  end(how: BootEnd["how"]): void {
    this.#isEnding = true;
    setImmediate(() => this.#end.resolve({ how, isReset: false }));
  }

  /** Goes down to be wiped; a control plane that cannot leave etcd stays up, as a real one. Nothing happens while the node goes down. */
  reset(plan: ResetPlan, actorId: string): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.events.actorId = actorId;
    setImmediate(() => {
      this.#leaveForReset(plan).catch((error: unknown) => {
        if (this.signal.aborted) return;
        const reason = error instanceof Error ? error.message : String(error);
        this.#sequences.stop("reset", `sequence failed: error running phase leave in reset sequence: ${reason}`);
        this.logs.stamp(`reset failed: ${reason}`);
        this.#isEnding = false;
      });
    });
  }

  /** The first part of going down, while the API still tells of it. */
  beginEnding({ how, isReset }: BootEnd): void {
    this.#isEnding = true;
    if (isReset) this.#sequences.beginWiping();
    else {
      this.status.enter(how === "reboot" ? "rebooting" : "shutting down");
      this.#sequences.beginEnding(how, () => this.#stopKubelet());
    }
    this.services.update("apid", "Stopping", "Sending SIGTERM to task apid");
  }

  /** From here on nothing more is told. */
  stopApi(): void {
    this.#apiStop.abort();
  }

  /** Ends the boot from outside: the plug was pulled, or going down is done. */
  cut(): void {
    this.ports.trust.withdraw(this);
    this.#abort.abort(new Error("power lost"));
  }

  /** Judges anew after something inside changed. */
  refresh(): void {
    this.status.refresh();
    this.#onChange();
  }

  /** What of a reset comes first and can fail. */
  async #leaveForReset({ graceful, wipe, userDisks, reboot }: ResetPlan): Promise<void> {
    const sequences = this.#sequences;
    const phase = (name: string, task: string, work: () => void = () => undefined) => {
      sequences.begin(name, task);
      work();
      sequences.end(name, task);
    };
    this.ports.enter("resetting");
    this.status.enter("resetting");
    sequences.start("reset");
    if (graceful)
      phase("drain", "cordonAndDrainNode", () =>
        this.logs.kernel("[talos] task cordonAndDrainNode: machines of the lab go without draining"),
      );
    phase("cleanup", graceful ? "removeAllPods" : "stopAllPods", () => this.#stopKubelet());
    phase("dbus", "stopDBus");
    if (graceful && this.role === "controlplane") {
      sequences.begin("leave", "leaveEtcd");
      await this.ports.options.interior.leaveEtcd({ signal: this.signal });
      sequences.end("leave", "leaveEtcd");
    }
    for (const disk of userDisks) this.logs.kernel(`[talos] wiping user disk ${disk}`);
    this.#end.resolve({ how: reboot ? "reboot" : "shutdown", isReset: true, ...(wipe !== undefined && { wipe }) });
  }

  #stopKubelet(): void {
    if (this.services.get("kubelet") === undefined) return;
    this.services.update("kubelet", "Stopping", "Sending SIGTERM to task kubelet");
    this.services.update("kubelet", "Finished", "Service finished successfully");
  }

  #initialize(): void {
    seedHardware(this.resources, this.ports.options.hardware, this.ports.disks);
    this.resources.set("machineType", "machine-type", "unknown");
    const disk = this.ports.options.interior.installedDisk();
    if (disk !== undefined) this.#showSystemDisk(disk);
    this.logs.kernel("Linux version 6.18.44-talos");
    this.#sequences.start("initialize");
    this.#sequences.begin("machined", "startContainerd", "startMachined", "startApid");
    this.status.enter("booting");
    for (const id of ["containerd", "machined", "apid"]) {
      this.services.update(id, "Starting", "Starting service");
      this.services.update(id, "Preparing", "Running pre state");
      this.services.update(id, "Running", "Started task");
      this.services.update(id, "Running", "Health check successful", true);
    }
    this.#sequences.end("machined", "startApid", "startMachined", "startContainerd");
    this.config.publishName();
  }

  /** Waits for the first whole config. */
  async #maintain(): Promise<AppliedConfig> {
    this.#sequences.begin("config", "loadConfig", "runningMaintenance");
    this.status.enter("maintenance");
    await this.#api.openMaintenance();
    this.ports.enter("maintenance");
    const first = await untilAborted(this.#firstConfig.promise, this.signal);
    this.ports.enter("applying");
    await this.ports.options.clock.sleep(LEAVE_MS, { signal: this.signal });
    this.#sequences.end("config", "runningMaintenance", "loadConfig");
    this.#sequences.stop("initialize");
    return first;
  }

  async #install(config: AppliedConfig): Promise<BootEnd> {
    this.ports.enter("installing");
    this.status.enter("installing");
    const installing = new AbortController();
    this.#openApi(this.#api.switchTo(config, { signal: AbortSignal.any([this.signal, installing.signal]) }));
    const disk = await installTalos(config, {
      ports: this.ports,
      sequences: this.#sequences,
      logs: this.logs,
      host: this.#host(),
      signal: this.signal,
      finalText: () => this.config.text,
    });
    installing.abort();
    if (disk !== undefined) this.#showSystemDisk(disk);
    return { how: "reboot", isReset: false };
  }

  async #bootConfigured(config: AppliedConfig): Promise<BootEnd> {
    this.ports.enter("booting");
    this.#sequences.start("install");
    this.#sequences.stop("install");
    this.status.enter("booting");
    this.#sequences.beginBoot();
    const waiting = config.role === "controlplane" ? ["kubelet", "etcd", "trustd"] : ["kubelet"];
    for (const id of waiting) this.services.update(id, "Waiting", "Waiting for time sync, network");
    this.#startServices(config).catch((error: unknown) => {
      if (!this.signal.aborted && !this.#isEnding) this.logs.kernel(`[talos] boot sequence: failed: ${String(error)}`);
    });
    return untilAborted(this.#end.promise, this.signal);
  }

  /** Runs beside the boot; a node whose API cannot listen goes on without one. */
  #openApi(opening: Promise<void>): void {
    opening.catch((error: unknown) => {
      if (!this.signal.aborted) this.logs.kernel(`[talos] service[apid]: failed: ${String(error)}`);
    });
  }

  /** Everything that needs the right time; then the boot is over once the services are up. */
  async #startServices(config: AppliedConfig): Promise<void> {
    const { clock, interior, timeServers = [] } = this.ports.options;
    const settings = timeSettingsOf(config);
    const tellTime = (synced: boolean) =>
      this.resources.set("timeStatus", "node", { synced, epoch: 0, syncDisabled: settings.disabled });
    tellTime(false);
    await waitForTime(settings, timeServers, { clock, signal: this.signal });
    this.#timeSynced = true;
    tellTime(true);
    if (config.role === "controlplane") {
      this.services.update("trustd", "Running", "Health check successful", true);
      this.ports.trust.offer(this, authoritiesOf(config.v1alpha1));
    }
    interior.start(this.config.whole ?? config, this.#host());
    this.refresh();
    await this.#untilUp(config.role);
    this.#sequences.endBoot();
    this.status.enter("running");
    this.ports.enter("running");
  }

  /** The boot sequence waits for the kubelet and, unless Bootstrap was called, for etcd. */
  async #untilUp(role: AppliedConfig["role"]): Promise<void> {
    const isUp = () =>
      this.services.isUp("kubelet") && (role === "worker" || this.#bootstrapped || this.services.isUp("etcd"));
    const up = new Promise<void>((resolve) => {
      this.#onChange = () => {
        if (!isUp()) return;
        this.#onChange = () => undefined;
        resolve();
      };
      this.#onChange();
    });
    await untilAborted(up, this.signal);
  }

  #host(): InteriorHost {
    const whileOn = (tell: () => void) => {
      if (!this.signal.aborted) tell();
    };
    return {
      service: (id, state, message, healthy) =>
        whileOn(() => {
          this.services.update(id, state, message, healthy);
          if (id === "etcd" && healthy === true) void this.#showEtcdMember();
        }),
      log: (service, line) => (service === "machined" ? this.logs.stamp(line) : this.logs.write(service, line)),
      changed: () => whileOn(() => this.refresh()),
      nodeName: this.config.nodeName,
      address: this.ports.options.address,
    };
  }

  async #showEtcdMember(): Promise<void> {
    // Told again with the next health check when etcd does not answer yet.
    const members = await this.ports.options.interior.etcdMembers().catch(() => []);
    const own = members.find(({ hostname }) => hostname === this.config.nodeName);
    if (own !== undefined)
      this.resources.set("etcdMember", "local", { memberID: own.id.toString(16).padStart(16, "0") });
  }

  #showSystemDisk(devPath: string): void {
    this.resources.set("systemDisk", "system-disk", { diskID: devPath.replace(/^\/dev\//, ""), devPath });
  }
}
