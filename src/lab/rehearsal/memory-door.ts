import { X509Certificate } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";
import { type MemoryConnection, MemoryServer } from "../../talos/api/index.ts";
import { rolesOf } from "../machine/leaf.ts";
import type { ApiDoor, ApiIdentity } from "../machine/listener.ts";
import { untilAborted } from "../machine/until-aborted.ts";
import { Changes } from "./changes.ts";

interface Session {
  readonly identity: ApiIdentity;
  readonly leaf: X509Certificate;
  readonly server: MemoryServer;
  /** Roles by client certificate: hundreds of calls come with the same one. */
  readonly known: Map<string, readonly string[] | undefined>;
}

/** The API of one simulated machine as callers in this process find it: a certificate, a judgement of theirs, and calls. */
export class MemoryDoor implements ApiDoor {
  readonly port = 50_000;
  readonly #clock: Clock;
  readonly #onDrop: () => void;
  readonly #connections = new Set<AbortController>();
  readonly #closed = new Changes();
  readonly #roles = new Map<string, readonly string[]>();
  #identity: ApiIdentity | undefined;
  #session: Session | undefined;
  #drops = 0;
  #callers = 0;

  constructor(options: { readonly clock: Clock; readonly onDrop: () => void }) {
    this.#clock = options.clock;
    this.#onDrop = options.onDrop;
  }

  get isOpen(): boolean {
    return this.#identity !== undefined;
  }

  /** Whether it asks nobody for a certificate, as in maintenance. */
  get isAnonymous(): boolean {
    return this.#identity !== undefined && this.#identity.clientAuthorities === undefined;
  }

  readonly dropNext = (count: number): void => {
    this.#drops += count;
  };

  /** Takes one of the connections that are to break; false where none is left. */
  readonly takeDrop = (): boolean => {
    if (this.#drops === 0) return false;
    this.#drops -= 1;
    this.#onDrop();
    return true;
  };

  readonly open = async (identity: ApiIdentity): Promise<void> => {
    this.#identity = identity;
    this.#session = undefined;
  };

  readonly replaceLeaf = (identity: ApiIdentity): void => {
    if (this.#identity === undefined) return;
    this.#identity = identity;
    this.#session = undefined;
  };

  readonly drain = async (drainMs: number, { signal }: { readonly signal: AbortSignal }): Promise<void> => {
    this.#identity = undefined;
    this.#session = undefined;
    const over = new AbortController();
    const limit = AbortSignal.any([signal, over.signal]);
    const late = this.#clock.sleep(drainMs, { signal: limit }).catch(() => undefined);
    const empty = this.#closed.until(() => this.#connections.size === 0, limit).catch(() => undefined);
    await Promise.race([late, empty]);
    over.abort();
    this.#cut("closed");
  };

  readonly kill = (): void => {
    this.#identity = undefined;
    this.#session = undefined;
    this.#cut("lost");
  };

  /** The certificate that a caller sees now. */
  leaf(): X509Certificate | undefined {
    return this.#open()?.leaf;
  }

  /** Lets a caller in, by its certificate; undefined: it is refused. */
  enter(caller: { readonly from: string; readonly crt: string | undefined }): MemoryConnection | undefined {
    const session = this.#open();
    if (session === undefined) return undefined;
    const roles = this.#judge(session, caller.crt);
    if (roles === undefined) return undefined;
    this.#callers += 1;
    const peer = `${caller.from}:${this.#callers}`;
    const life = new AbortController();
    this.#roles.set(peer, roles);
    this.#connections.add(life);
    const leave = () => {
      this.#roles.delete(peer);
      if (this.#connections.delete(life)) this.#closed.tell();
    };
    life.signal.addEventListener("abort", leave, { once: true });
    return {
      peer,
      ended: life.signal,
      close: () => life.abort("closed"),
      call: (path, requests, { signal }) =>
        // What is sent on a connection that has been cut reaches nobody, who could refuse it.
        life.signal.aborted
          ? silence(signal)
          : session.server.call(path, requests, { peer, signal: AbortSignal.any([signal, life.signal]) }),
    };
  }

  #open(): Session | undefined {
    const identity = this.#identity;
    if (identity === undefined) return undefined;
    if (this.#session === undefined) {
      const server = new MemoryServer();
      identity.addServices(server, (peer) => this.#roles.get(peer) ?? []);
      const leaf = new X509Certificate(identity.leaf().certificatePem);
      this.#session = { identity, leaf, server, known: new Map() };
    }
    return this.#session;
  }

  #judge({ identity, known }: Session, crt: string | undefined): readonly string[] | undefined {
    // In maintenance every caller is a reader, whatever it shows.
    if (identity.clientAuthorities === undefined) return ["os:reader"];
    if (crt === undefined) return undefined;
    if (!known.has(crt))
      known.set(crt, rolesOf(new X509Certificate(crt), identity.clientAuthorities, this.#clock.now()));
    return known.get(crt);
  }

  #cut(how: "closed" | "lost"): void {
    for (const life of [...this.#connections]) life.abort(how);
  }
}

/** No answer until the caller gives up. */
async function* silence(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  await untilAborted(new Promise<never>(() => undefined), signal);
}
