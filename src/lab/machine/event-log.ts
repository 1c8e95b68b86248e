import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Clock } from "../../lib/clock.ts";
import type { RandomBytes } from "../../lib/x509/index.ts";
import type { machinePb } from "../../talos/api/index.ts";
import { createXids } from "./xid.ts";

export interface LoggedEvent {
  readonly id: string;
  readonly at: Date;
  readonly typeUrl: string;
  readonly value: Uint8Array;
  readonly actorId: string;
}

/** Talos keeps the last 1000 and hands out 990 of them. */
const CAPACITY = 990;

/** The events of one boot, for those who ask later and those who listen. */
export class EventLog {
  readonly #clock: Clock;
  readonly #nextId: (now: Date) => string;
  #events: LoggedEvent[] = [];
  readonly #listeners = new Set<(event: LoggedEvent) => void>();
  /** Tags what follows, while a call's own sequence runs. */
  actorId = "";

  constructor(options: { readonly clock: Clock; readonly random: RandomBytes }) {
    this.#clock = options.clock;
    this.#nextId = createXids(options.random);
  }

  publish<M extends DescMessage>(schema: M, init: MessageInitShape<M>): void {
    const at = this.#clock.now();
    const event = {
      id: this.#nextId(at),
      at,
      typeUrl: `talos/runtime/${schema.typeName}`,
      value: toBinary(schema, create(schema, init)),
      actorId: this.actorId,
    };
    this.#events.push(event);
    if (this.#events.length > CAPACITY + 100) this.#events = this.#events.slice(-CAPACITY);
    for (const listener of this.#listeners) listener(event);
  }

  /** What the request asks for of the past, oldest first. */
  past({
    tailEvents,
    tailId,
    tailSeconds,
  }: Pick<machinePb.EventsRequest, "tailEvents" | "tailId" | "tailSeconds">): readonly LoggedEvent[] {
    const kept = this.#events.slice(-CAPACITY);
    if (tailId !== "") return kept.filter(({ id }) => id > tailId);
    if (tailSeconds > 0) {
      const since = this.#clock.now().getTime() - tailSeconds * 1000;
      return kept.filter(({ at }) => at.getTime() >= since);
    }
    if (tailEvents === 0) return [];
    return tailEvents < 0 ? kept : kept.slice(-tailEvents);
  }

  /** An id for the empty first message of a stream. */
  helloId(): string {
    return this.#nextId(this.#clock.now());
  }

  /** Returns a function that ends the listening. */
  listen(listener: (event: LoggedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
