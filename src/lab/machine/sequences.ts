import { machinePb } from "../../talos/api/index.ts";
import type { EventLog } from "./event-log.ts";

const {
  SequenceEventSchema,
  SequenceEvent_Action,
  PhaseEventSchema,
  PhaseEvent_Action,
  TaskEventSchema,
  TaskEvent_Action,
} = machinePb;

type SequenceName = "initialize" | "install" | "boot" | "reboot" | "shutdown" | "reset";

/** Phases of the boot sequence up to the one that waits, with their tasks, as recorded from a real node. */
const BOOT_PHASES: readonly (readonly [phase: string, tasks: readonly string[]])[] = [
  ["memorySizeCheck", ["memorySizeCheck"]],
  ["diskSizeCheck", ["diskSizeCheck"]],
  ["env", ["waitForCARoots", "setUserEnvVars"]],
  ["dbus", ["startDBus"]],
  ["sharedFilesystems", ["setupSharedFilesystems"]],
  ["ephemeral", ["mountEphemeralPartition"]],
  ["userSetup", ["writeUserFiles"]],
];

/** What a reset stops before the services, with the task of each phase. */
const RESET_STOPS: readonly (readonly [phase: string, task: string])[] = [
  ["preReset", "sendResetSignal"],
  ["stopServices", "stopServicesEphemeral"],
  ["umount", "unmountPodMounts"],
  ["unmountBind", "unmountSystemDiskBindMounts"],
  ["unmountSystem", "unmountEphemeralPartition"],
  ["volumeFinalize", "teardownLifecycle"],
];

/** Tells a node's sequences the way Talos does: sequence, phases and tasks, each with start and stop. */
export class Sequences {
  readonly #events: EventLog;

  constructor(events: EventLog) {
    this.#events = events;
  }

  start(sequence: SequenceName): void {
    this.#events.publish(SequenceEventSchema, { sequence, action: SequenceEvent_Action.START });
  }

  /** @param error - why it failed; it then ends with NOOP, as Talos tells it */
  stop(sequence: SequenceName, error?: string): void {
    this.#events.publish(
      SequenceEventSchema,
      error === undefined
        ? { sequence, action: SequenceEvent_Action.STOP }
        : { sequence, action: SequenceEvent_Action.NOOP, error: { message: error } },
    );
  }

  begin(phase: string, ...tasks: readonly string[]): void {
    this.#events.publish(PhaseEventSchema, { phase, action: PhaseEvent_Action.START });
    for (const task of tasks) this.#events.publish(TaskEventSchema, { task, action: TaskEvent_Action.START });
  }

  end(phase: string, ...tasks: readonly string[]): void {
    for (const task of tasks) this.#events.publish(TaskEventSchema, { task, action: TaskEvent_Action.STOP });
    this.#events.publish(PhaseEventSchema, { phase, action: PhaseEvent_Action.STOP });
  }

  /** The boot sequence up to `startEverything`, which ends when the services are up. */
  beginBoot(): void {
    this.start("boot");
    for (const [phase, tasks] of BOOT_PHASES) {
      this.begin(phase, ...tasks);
      this.end(phase, ...tasks);
    }
    this.begin("startEverything", "startAllServices");
  }

  /** The reboot or shutdown sequence up to the moment at which the API stops. @param stopPods - what happens in its first task */
  beginEnding(sequence: "reboot" | "shutdown", stopPods: () => void): void {
    this.start(sequence);
    this.begin("cleanup", "stopAllPods");
    stopPods();
    this.end("cleanup", "stopAllPods");
    this.begin("dbus", "stopDBus");
    this.end("dbus", "stopDBus");
    this.begin("stopEverything", "stopAllServices");
  }

  /** The reset sequence from where nothing can stop it any more. */
  beginWiping(): void {
    for (const [phase, task] of RESET_STOPS) {
      this.begin(phase, task);
      this.end(phase, task);
    }
    this.begin("stopEverything", "stopAllServices");
  }

  endBoot(): void {
    this.end("startEverything", "startAllServices");
    this.stop("boot");
  }
}
