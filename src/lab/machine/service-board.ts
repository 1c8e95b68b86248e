import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Clock } from "../../lib/clock.ts";
import { machinePb } from "../../talos/api/index.ts";
import type { ServiceState } from "../interior.ts";
import type { EventLog } from "./event-log.ts";
import type { ResourceStore } from "./resource-store.ts";

export interface ServiceNow {
  readonly id: string;
  readonly state: ServiceState;
  /** undefined: no health check has run. */
  readonly healthy: boolean | undefined;
}

interface Entry {
  state: ServiceState;
  healthy: boolean | undefined;
  lastMessage: string;
  lastChange: Date | undefined;
  readonly history: { readonly msg: string; readonly state: string; readonly at: Date }[];
}

const { ServiceStateEvent_Action: Action, ServiceStateEventSchema } = machinePb;

/** How many events of one service ServiceList repeats. */
const HISTORY = 32;
/** The moment that Go writes for "never": the first of January of the year 1. */
const NEVER = { seconds: -62_135_596_800n, nanos: 0 };

/** The services of one boot: what ServiceList, the Services resources and the events say about them. */
export class ServiceBoard {
  readonly #entries = new Map<string, Entry>();
  readonly #clock: Clock;
  readonly #events: EventLog;
  readonly #resources: ResourceStore;
  readonly #changed: () => void;

  constructor(options: {
    readonly clock: Clock;
    readonly events: EventLog;
    readonly resources: ResourceStore;
    readonly changed: () => void;
  }) {
    this.#clock = options.clock;
    this.#events = options.events;
    this.#resources = options.resources;
    this.#changed = options.changed;
  }

  /** @param healthy - undefined keeps "unknown" until the first check */
  update(id: string, state: ServiceState, message: string, healthy?: boolean): void {
    const at = this.#clock.now();
    const entry = this.#entries.get(id) ?? newEntry(state);
    this.#entries.set(id, entry);
    if (healthy !== entry.healthy) entry.lastChange = at;
    entry.state = state;
    entry.healthy = healthy;
    entry.lastMessage = healthy === false ? message : "";
    entry.history.push({ msg: message, state, at });
    if (entry.history.length > HISTORY) entry.history.shift();
    this.#events.publish(ServiceStateEventSchema, {
      service: id,
      action: Action[state.toUpperCase() as keyof typeof Action],
      message,
      health: healthOf(entry),
    });
    this.#resources.set("service", id, {
      running: state === "Running",
      healthy: healthy === true,
      unknown: healthy === undefined,
    });
    this.#changed();
  }

  get(id: string): ServiceNow | undefined {
    const entry = this.#entries.get(id);
    return entry === undefined ? undefined : { id, state: entry.state, healthy: entry.healthy };
  }

  /** Running, and healthy where it has a health check. */
  isUp(id: string): boolean {
    const entry = this.#entries.get(id);
    return entry?.state === "Running" && entry.healthy !== false;
  }

  ids(): readonly string[] {
    return [...this.#entries.keys()].sort();
  }

  /** What ServiceList answers. */
  list(): readonly MessageInitShape<typeof machinePb.ServiceInfoSchema>[] {
    return this.ids().map((id) => {
      const entry = this.#entries.get(id) ?? newEntry("Initialized");
      const events = entry.history.map(({ msg, state, at }) => ({ msg, state, ts: timestampFromDate(at) }));
      return { id, state: entry.state, events: { events }, health: healthOf(entry) };
    });
  }
}

function newEntry(state: ServiceState): Entry {
  return { state, healthy: undefined, lastMessage: "", lastChange: undefined, history: [] };
}

function healthOf(entry: Entry): MessageInitShape<typeof machinePb.ServiceHealthSchema> {
  return {
    unknown: entry.healthy === undefined,
    healthy: entry.healthy === true,
    lastMessage: entry.lastMessage,
    lastChange: entry.lastChange === undefined ? NEVER : timestampFromDate(entry.lastChange),
  };
}
