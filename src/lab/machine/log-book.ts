import type { Clock } from "../../lib/clock.ts";

const KEPT_LINES = 500;

interface Log {
  lines: string[];
  readonly listeners: Set<(line: string) => void>;
}

/** The logs of the services of one boot and the kernel's, the last lines of each. */
export class LogBook {
  readonly #clock: Clock;
  readonly #logs = new Map<string, Log>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Adds a line as the service wrote it. */
  write(service: string, line: string): void {
    const log = this.#open(service);
    log.lines.push(line);
    if (log.lines.length > KEPT_LINES * 2) log.lines = log.lines.slice(-KEPT_LINES);
    for (const listener of log.listeners) listener(line);
  }

  /** Adds a line with machined's own time stamp in front: `2026/11/22 13:26:47.893556 …`, UTC. */
  stamp(text: string): void {
    const [day = "", time = ""] = this.#clock.now().toISOString().split("T");
    this.write("machined", `${day.replaceAll("-", "/")} ${time.slice(0, 12)}000 ${text}`);
  }

  /** A line of dmesg: `facility: priority: [time]: message`. */
  kernel(message: string): void {
    this.write("kernel", `kern:    info: [${this.#clock.now().toISOString().replace("Z", "000000Z")}]: ${message}`);
  }

  /** undefined for a service that never wrote. */
  lines(service: string): readonly string[] | undefined {
    return this.#logs.get(service)?.lines.slice(-KEPT_LINES);
  }

  /** Returns a function that ends the listening. */
  listen(service: string, listener: (line: string) => void): () => void {
    const { listeners } = this.#open(service);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  #open(service: string): Log {
    const known = this.#logs.get(service);
    if (known !== undefined) return known;
    const log: Log = { lines: [], listeners: new Set() };
    this.#logs.set(service, log);
    return log;
  }
}
