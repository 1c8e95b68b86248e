import type { Server } from "@grpc/grpc-js";
import type { CertificateAndKey } from "../../lib/x509/index.ts";
import { issueMaintenanceServer, issueNodeServer } from "../../talos/pki/index.ts";
import type { AppliedConfig, InteriorHost } from "../interior.ts";
import { authoritiesOf, certSansOf, hostnameFrom, readApplied } from "./active-config.ts";
import { publishConfig } from "./config-resources.ts";
import { EventLog } from "./event-log.ts";
import { seedHardware } from "./hardware.ts";
import { installDiskOf } from "./install-disk.ts";
import { certificatesIn } from "./leaf.ts";
import type { ApiIdentity, ApiListener } from "./listener.ts";
import { LogBook } from "./log-book.ts";
import { StatusKeeper } from "./machine-status.ts";
import { ResourceStore } from "./resource-store.ts";
import { Sequences } from "./sequences.ts";
import { ServiceBoard } from "./service-board.ts";
import { timeSettingsOf, waitForTime } from "./time-sync.ts";
import type { TrustBook } from "./trust-book.ts";
import type { MachineDisk, MachineOptions, MachineStage } from "./types.ts";

/** What the machine around a boot gives it. */
export interface BootPorts {
  readonly options: MachineOptions;
  readonly listener: ApiListener;
  readonly disks: readonly MachineDisk[];
  readonly enter: (stage: MachineStage) => void;
  readonly listening: () => void;
  /** The reason of an installation that is to fail, from a fault. */
  readonly refuseInstall: () => string | undefined;
  readonly installMs: () => number;
  readonly trust: TrustBook;
  /** Puts the API of a boot behind a server. */
  readonly addApi: (server: Server, boot: Boot, caller: ApiCaller) => void;
}

/** What the API knows of its callers. */
export interface ApiCaller {
  readonly access: "maintenance" | "configured";
  readonly rolesOf: (peer: string) => readonly string[];
}

export type BootEnd = "reboot" | "shutdown";

/** One life from power-on to the next reboot: everything that Talos keeps in memory, and the sequences that it goes through. */
export class Boot {
  readonly ports: BootPorts;
  readonly events: EventLog;
  readonly logs: LogBook;
  readonly resources: ResourceStore;
  readonly services: ServiceBoard;
  readonly status: StatusKeeper;
  readonly sequences: Sequences;
  readonly #abort = new AbortController();
  readonly #end = Promise.withResolvers<BootEnd>();
  readonly #firstConfig = Promise.withResolvers<AppliedConfig>();
  #config: AppliedConfig | undefined;
  #partial: { readonly text: string; readonly documents: AppliedConfig["documents"] } | undefined;
  #timeSynced = false;
  #bootstrapped = false;
  #upWaiters: (() => void)[] = [];
  #ending: BootEnd | undefined;
  readonly #apiStop = new AbortController();

  constructor(ports: BootPorts) {
    const { clock, random, interior } = ports.options;
    this.ports = ports;
    this.events = new EventLog({ clock, random });
    this.logs = new LogBook(clock);
    this.resources = new ResourceStore(clock);
    this.sequences = new Sequences(this.events);
    const changed = () => this.refresh();
    this.services = new ServiceBoard({ clock, events: this.events, resources: this.resources, changed });
    this.status = new StatusKeeper({
      events: this.events,
      resources: this.resources,
      services: this.services,
      inputs: () => ({ role: this.role, nodeName: this.nodeName, timeSynced: this.#timeSynced, interior }),
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

  /** The whole config in force; undefined in maintenance. */
  get config(): AppliedConfig | undefined {
    return this.#config;
  }

  /** The text in force, which in maintenance may be a partial one; "" for none. */
  get activeText(): string {
    return this.#config?.text ?? this.#partial?.text ?? "";
  }

  get partialDocuments(): AppliedConfig["documents"] {
    return this.#partial?.documents ?? [];
  }

  get role(): AppliedConfig["role"] | undefined {
    return this.#config?.role;
  }

  get nodeName(): string {
    const documents = this.#config?.documents ?? this.#partial?.documents ?? [];
    return hostnameFrom(documents, this.#config?.v1alpha1, this.ports.options.hardware.uuid);
  }

  get timeSynced(): boolean {
    return this.#timeSynced;
  }

  get isEnding(): boolean {
    return this.#ending !== undefined;
  }

  /** Runs until the node reboots or shuts down; rejects when the signal aborts. */
  async run(): Promise<BootEnd> {
    const { clock, interior, timings } = this.ports.options;
    await clock.sleep(timings.bootMs, { signal: this.signal });
    this.#initialize();
    const stored = interior.installedDisk() === undefined ? undefined : interior.persistedConfig();
    const config = stored === undefined ? undefined : readApplied(stored);
    if (config !== undefined) {
      this.adopt(config, { persistent: true });
      this.#endInitialize();
      void this.#serve(config, this.signal);
      return this.#bootConfigured(config);
    }
    await this.#maintain();
    const first = await this.#untilOver(this.#firstConfig.promise);
    this.ports.enter("applying");
    const isInstalled = interior.installedDisk() !== undefined;
    const installing = new AbortController();
    void this.#switchIdentity(first, isInstalled ? this.signal : AbortSignal.any([this.signal, installing.signal]));
    if (isInstalled) {
      interior.persistConfig(first.text);
      return this.#bootConfigured(first);
    }
    const end = await this.#untilOver(this.#install(first));
    installing.abort();
    return end;
  }

  /** A config was accepted: the first one ends maintenance, later ones take its place. */
  adopt(config: AppliedConfig, { persistent }: { readonly persistent: boolean }): void {
    const isFirst = this.#config === undefined;
    this.#config = config;
    publishConfig(this.resources, config, { persistent });
    this.#nameNode();
    if (isFirst) this.#firstConfig.resolve(config);
    else this.ports.options.interior.reconfigure(config);
    this.refresh();
  }

  /** Documents without the v1alpha1 one: the node stays in maintenance under another name and certificate. */
  adoptPartial(text: string, documents: AppliedConfig["documents"]): void {
    const before = this.nodeName;
    this.#partial = text === "" ? undefined : { text, documents };
    this.#nameNode();
    if (this.nodeName !== before) this.ports.listener.replaceLeaf(this.#maintenanceIdentity());
  }

  /** Bootstrap was accepted: from now on the boot does not wait for etcd. */
  markBootstrapped(): void {
    this.#bootstrapped = true;
    this.refresh();
  }

  /** Ends the boot from inside; `after` a moment, so that the call's answer gets out. */
  end(how: BootEnd): void {
    this.#ending = how;
    setImmediate(() => this.#end.resolve(how));
  }

  /** The first part of going down, while the API still tells of it. */
  beginEnding(how: BootEnd): void {
    this.#ending = how;
    this.status.enter(how === "reboot" ? "rebooting" : "shutting down");
    this.sequences.start(how);
    this.sequences.begin("cleanup", "stopAllPods");
    if (this.services.get("kubelet") !== undefined) {
      this.services.update("kubelet", "Stopping", "Sending SIGTERM to task kubelet");
      this.services.update("kubelet", "Finished", "Service finished successfully");
    }
    this.sequences.end("cleanup", "stopAllPods");
    this.sequences.begin("dbus", "stopDBus");
    this.sequences.end("dbus", "stopDBus");
    this.sequences.begin("stopEverything", "stopAllServices");
    this.services.update("apid", "Stopping", "Sending SIGTERM to task apid");
  }

  /** From here on nothing more is told. */
  stopApi(): void {
    this.#apiStop.abort();
  }

  /** Ends the boot from outside: the plug was pulled. */
  cut(): void {
    this.ports.trust.withdraw(this);
    this.#abort.abort(new Error("power lost"));
  }

  /** Judges anew after something inside changed. */
  refresh(): void {
    this.status.refresh();
    for (const waiter of this.#upWaiters) waiter();
  }

  #initialize(): void {
    seedHardware(this.resources, this.ports.options.hardware, this.ports.disks);
    this.resources.set("machineType", "machine-type", "unknown");
    const disk = this.ports.options.interior.installedDisk();
    if (disk !== undefined) this.#showSystemDisk(disk);
    this.logs.kernel("Linux version 6.18.44-talos");
    this.sequences.start("initialize");
    this.sequences.begin("machined", "startContainerd", "startMachined", "startApid");
    this.status.enter("booting");
    for (const id of ["containerd", "machined", "apid"]) {
      this.services.update(id, "Starting", "Starting service");
      this.services.update(id, "Preparing", "Running pre state");
      this.services.update(id, "Running", "Started task");
      this.services.update(id, "Running", "Health check successful", true);
    }
    this.sequences.end("machined", "startApid", "startMachined", "startContainerd");
    this.#nameNode();
  }

  async #maintain(): Promise<void> {
    this.sequences.begin("config", "loadConfig", "runningMaintenance");
    await this.ports.listener.open(this.#maintenanceIdentity());
    this.status.enter("maintenance");
    this.ports.enter("maintenance");
    this.ports.listening();
  }

  #endInitialize(): void {
    this.sequences.begin("config", "loadConfig");
    this.sequences.end("config", "loadConfig");
    this.sequences.stop("initialize");
  }

  /** Lets the unauthenticated API finish, then listens as a member of the cluster. */
  async #switchIdentity(config: AppliedConfig, signal: AbortSignal): Promise<void> {
    const { listener, options } = this.ports;
    await listener.drain(options.timings.drainMs, { signal });
    await options.clock.sleep(options.timings.listenGapMs, { signal }).catch(() => undefined);
    await this.#serve(config, signal);
  }

  /** Listens with mutual TLS once there is a certificate; on a worker a control plane has to sign it first. */
  async #serve(config: AppliedConfig, signal: AbortSignal): Promise<void> {
    const { listener, listening, trust } = this.ports;
    const { certificatePem, keyPem } = authoritiesOf(config.v1alpha1);
    // A config whose authority does not parse leaves the node without an API, as on a real one.
    if (certificatesIn(certificatePem).length === 0) return;
    const authority =
      keyPem === ""
        ? await trust.request(certificatePem, { signal }).catch(() => undefined)
        : { certificatePem, keyPem };
    if (authority === undefined || signal.aborted) return;
    await listener.open(this.#configuredIdentity(config, authority));
    listening();
  }

  async #install(config: AppliedConfig): Promise<BootEnd> {
    const { options, disks, installMs, refuseInstall } = this.ports;
    const { clock, interior, timings } = options;
    const { signal } = this;
    this.sequences.end("config", "runningMaintenance", "loadConfig");
    this.sequences.stop("initialize");
    this.ports.enter("installing");
    this.status.enter("installing");
    this.sequences.start("install");
    this.sequences.begin("install", "install");
    try {
      const disk = installDiskOf(config.v1alpha1, disks);
      const refused = refuseInstall() ?? (disk === undefined ? "no disk matches machine.install" : undefined);
      if (refused !== undefined || disk === undefined) throw new Error(refused);
      await Promise.all([
        interior.install(config, disk, { signal, host: this.#host() }),
        clock.sleep(installMs(), { signal }),
      ]);
      this.#showSystemDisk(disk);
    } catch (error) {
      signal.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      this.logs.stamp(`[talos] task install (1/1): failed: ${reason}`);
      this.logs.kernel(`[talos] install sequence: failed: ${reason}`);
      this.sequences.stop("install", `error running phase 1 in install sequence: task 1/1: failed, ${reason}`);
      await clock.sleep(timings.failurePauseMs, { signal });
      return "reboot";
    }
    this.sequences.end("install", "install");
    this.sequences.begin("saveConfig", "saveConfig");
    interior.persistConfig(this.#config?.text ?? config.text);
    this.sequences.end("saveConfig", "saveConfig");
    this.sequences.stop("install");
    return "reboot";
  }

  async #bootConfigured(config: AppliedConfig): Promise<BootEnd> {
    const { clock, interior, timeServers = [] } = this.ports.options;
    this.ports.enter("booting");
    this.sequences.start("install");
    this.sequences.stop("install");
    this.status.enter("booting");
    this.sequences.beginBoot();
    const waiting = config.role === "controlplane" ? ["kubelet", "etcd", "trustd"] : ["kubelet"];
    for (const id of waiting) this.services.update(id, "Waiting", "Waiting for time sync, network");
    const settings = timeSettingsOf(config);
    this.resources.set("timeStatus", "node", { synced: false, epoch: 0, syncDisabled: settings.disabled });
    void this.#untilOver(waitForTime(settings, timeServers, { clock, signal: this.signal }))
      .then(() => {
        this.#timeSynced = true;
        this.resources.set("timeStatus", "node", { synced: true, epoch: 0, syncDisabled: settings.disabled });
        if (config.role === "controlplane") this.#startTrustd(config);
        interior.start(this.#config ?? config, this.#host());
        this.refresh();
        return this.#untilUp(config.role);
      })
      .then(() => {
        this.sequences.endBoot();
        this.status.enter("running");
        this.ports.enter("running");
      })
      .catch((error: unknown) => {
        if (!this.signal.aborted && !this.isEnding) this.logs.kernel(`[talos] boot sequence: failed: ${String(error)}`);
      });
    return this.#untilOver(this.#end.promise);
  }

  #startTrustd(config: AppliedConfig): void {
    this.services.update("trustd", "Running", "Health check successful", true);
    this.ports.trust.offer(this, authoritiesOf(config.v1alpha1));
  }

  /** The boot sequence waits for the kubelet and, unless Bootstrap was called, for etcd. */
  async #untilUp(role: AppliedConfig["role"]): Promise<void> {
    const isUp = () =>
      this.services.isUp("kubelet") && (role === "worker" || this.#bootstrapped || this.services.isUp("etcd"));
    await this.#untilOver(
      new Promise<void>((resolve) => {
        const check = () => {
          if (!isUp()) return;
          this.#upWaiters = this.#upWaiters.filter((waiter) => waiter !== check);
          resolve();
        };
        this.#upWaiters.push(check);
        check();
      }),
    );
  }

  #untilOver<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      const stop = () => reject(new Error("power lost"));
      if (signal.aborted) stop();
      signal.addEventListener("abort", stop, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
    });
  }

  #host(): InteriorHost {
    return {
      service: (id, state, message, healthy) => {
        if (this.signal.aborted) return;
        this.services.update(id, state, message, healthy);
        if (id === "etcd" && healthy === true) void this.#showEtcdMember();
      },
      log: (service, line) => this.logs.write(service, line),
      changed: () => {
        if (!this.signal.aborted) this.refresh();
      },
      nodeName: this.nodeName,
      address: this.ports.options.address,
    };
  }

  async #showEtcdMember(): Promise<void> {
    // Told again with the next health check when etcd does not answer yet.
    const members = await this.ports.options.interior.etcdMembers().catch(() => []);
    const own = members.find(({ hostname }) => hostname === this.nodeName);
    if (own !== undefined)
      this.resources.set("etcdMember", "local", { memberID: own.id.toString(16).padStart(16, "0") });
  }

  #showSystemDisk(devPath: string): void {
    this.resources.set("systemDisk", "system-disk", { diskID: devPath.replace(/^\/dev\//, ""), devPath });
  }

  #nameNode(): void {
    const addresses = [`${this.ports.options.address}/24`];
    this.resources.set("hostnameStatus", "hostname", { hostname: this.nodeName, domainname: "" });
    for (const id of ["current", "default", "routed", "accumulative"])
      this.resources.set("nodeAddress", id, {
        addresses: id === "default" ? addresses.slice(0, 1) : addresses,
        sortAlgorithm: "v1",
      });
    const ready = { addressReady: true, connectivityReady: true, hostnameReady: true, etcFilesReady: true };
    this.resources.set("networkStatus", "status", ready);
    if (this.#config !== undefined)
      this.resources.set("nodename", "nodename", {
        nodename: this.nodeName,
        hostnameVersion: "1",
        skipNodeRegistration: false,
      });
  }

  #maintenanceIdentity(): ApiIdentity {
    const names = { hostname: this.nodeName, addresses: [this.ports.options.address] };
    return {
      leaf: () => issueMaintenanceServer(names, this.ports.options),
      clientAuthorities: undefined,
      addServices: (server, rolesOf) => this.ports.addApi(server, this, { access: "maintenance", rolesOf }),
    };
  }

  #configuredIdentity(config: AppliedConfig, authority: CertificateAndKey): ApiIdentity {
    const names = {
      hostname: this.nodeName,
      addresses: [this.ports.options.address],
      certSANs: certSansOf(config.v1alpha1),
    };
    const { certificatePem, acceptedPem } = authoritiesOf(config.v1alpha1);
    return {
      leaf: () => issueNodeServer(authority, names, this.ports.options),
      clientAuthorities: certificatesIn(`${certificatePem}\n${acceptedPem}`),
      addServices: (server, rolesOf) => this.ports.addApi(server, this, { access: "configured", rolesOf }),
    };
  }
}
