import { type ChildProcess, spawn } from "node:child_process";
import type { Clock } from "../../../lib/clock.ts";
import type { CertificateAndKey } from "../../../lib/x509/index.ts";
import { isNetworkFault, type MachineFault } from "../../faults.ts";
import type { Machine, MachineStage } from "../../machine/types.ts";
import type { FromMachine, ToMachine } from "./machine-messages.ts";

/** A machine that has a process of its own, as the supervisor sees it. */
export interface RemoteMachine extends Machine {
  /** Of its process; undefined while there is none. */
  readonly pid: number | undefined;
  /** Whether its kube-apiserver answers. */
  readonly apiServerAnswers: boolean;
  /** What its trustd signs with. */
  readonly authority: CertificateAndKey | undefined;
  /** The authorities of the control planes that it reaches. */
  readonly trust: (authorities: readonly CertificateAndKey[]) => void;
}

export interface RemoteMachineOptions {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Starts its process: the program and its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  /** Ends what is left of the machine when its process is gone. */
  readonly endRemains: () => Promise<void>;
  /** Its API server or its authority is not what it was. */
  readonly changed: () => void;
  readonly say: (line: string) => void;
  readonly clock: Clock;
}

const AGAIN_MS = 1000;
const POWER_OFF_MS = 20_000;
/** After so many the machine stays off: something is wrong with us, and trying again hides it. */
const MOST_CRASHES = 5;

export function createRemoteMachine(options: RemoteMachineOptions): RemoteMachine {
  return new MachineProcess(options);
}

class MachineProcess implements RemoteMachine {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly #options: RemoteMachineOptions;
  readonly #listeners = new Set<(stage: MachineStage) => void>();
  /** Closes: the wait before another start ends. */
  readonly #closing = new AbortController();
  #child: ChildProcess | undefined;
  #stage: MachineStage = "off";
  #nodeName: string;
  #wanted = false;
  #crashes = 0;
  #started = Promise.withResolvers<void>();
  #poweredOff = Promise.withResolvers<void>();
  #injected: readonly MachineFault[] = [];
  #authorities: readonly CertificateAndKey[] = [];
  apiServerAnswers = false;
  authority: CertificateAndKey | undefined;

  constructor(options: RemoteMachineOptions) {
    this.name = options.name;
    this.#nodeName = options.name;
    this.address = options.address;
    this.port = options.port;
    this.#options = options;
  }

  get stage(): MachineStage {
    return this.#stage;
  }

  get nodeName(): string {
    return this.#nodeName;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  readonly start = async (): Promise<void> => {
    this.powerOn();
    await this.#started.promise;
  };

  readonly powerOn = (): void => {
    this.#wanted = true;
    this.#child ??= this.#spawn();
    this.#send({ do: "power-on" });
  };

  readonly powerOff = async (): Promise<void> => {
    this.#wanted = false;
    const child = this.#child;
    if (child === undefined) return;
    this.#poweredOff = Promise.withResolvers();
    this.#send({ do: "power-off" });
    const late = setTimeout(() => {
      this.#options.say("does not answer; its process is ended");
      child.kill("SIGKILL");
    }, POWER_OFF_MS);
    await this.#poweredOff.promise;
    clearTimeout(late);
  };

  readonly inject: Machine["inject"] = (fault) => {
    if (fault.node !== this.name || isNetworkFault(fault)) return;
    this.#injected = [...this.#injected, fault];
    this.#send({ do: "inject", fault });
  };

  readonly trust = (authorities: readonly CertificateAndKey[]): void => {
    this.#authorities = authorities;
    this.#send({ do: "trust", authorities });
  };

  readonly onChange: Machine["onChange"] = (listener) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly close = async (): Promise<void> => {
    this.#wanted = false;
    this.#closing.abort();
    this.#listeners.clear();
    this.#child?.kill("SIGKILL");
  };

  #spawn(): ChildProcess {
    const [program, ...args] = this.#options.command;
    const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit", "ipc"], env: this.#options.env });
    child.on("message", (message: FromMachine) => this.#hear(message));
    // A message to a process that has just ended; its "exit" follows.
    child.on("error", (error) => this.#options.say(String(error)));
    child.once("exit", (code, signal) => void this.#gone(child, signal ?? `exit status ${code}`));
    if (this.#authorities.length > 0) child.send({ do: "trust", authorities: this.#authorities });
    // What was done to its hardware stays done.
    for (const fault of this.#injected) {
      if (fault.kind === "clock" || fault.kind === "full-disk") child.send({ do: "inject", fault });
    }
    return child;
  }

  #send(order: ToMachine): void {
    if (this.#child?.connected === true) this.#child.send(order);
  }

  #hear(message: FromMachine): void {
    switch (message.say) {
      case "stage":
        this.#nodeName = message.nodeName;
        this.#enter(message.stage);
        break;
      case "started":
        this.#started.resolve();
        break;
      case "powered-off":
        this.#poweredOff.resolve();
        break;
      case "api-server":
        this.apiServerAnswers = message.answers;
        this.#options.changed();
        break;
      case "authority":
        this.authority = message.authority;
        this.#options.changed();
        break;
    }
  }

  /** The end of its process is a loss of power. */
  async #gone(child: ChildProcess, how: string): Promise<void> {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.apiServerAnswers = false;
    this.authority = undefined;
    if (this.#closing.signal.aborted) return;
    this.#options.changed();
    await this.#options.endRemains();
    this.#enter("off");
    this.#poweredOff.resolve();
    if (!this.#wanted) return;
    this.#crashes += 1;
    this.#options.say(`lost power: its process ended with ${how}`);
    if (this.#crashes > MOST_CRASHES) {
      this.#options.say("stays off: that happened too often");
      this.#started.resolve();
      return;
    }
    await this.#options.clock.sleep(AGAIN_MS, { signal: this.#closing.signal }).catch(() => undefined);
    if (this.#wanted && this.#child === undefined) this.powerOn();
  }

  #enter(stage: MachineStage): void {
    if (stage === this.#stage) return;
    this.#stage = stage;
    for (const listener of this.#listeners) listener(stage);
  }
}
