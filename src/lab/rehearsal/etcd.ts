import { createHash } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";
import type { EtcdMember } from "../interior.ts";
import { Changes } from "./changes.ts";

interface Member {
  readonly name: string;
  readonly address: string;
  isLearner: boolean;
  isUp: boolean;
}

/** The site's etcd: who is a member, who is up, and whether that is enough. */
export class RehearsalEtcd {
  readonly changes = new Changes();
  readonly #clock: Clock;
  readonly #members = new Map<string, Member>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get hasQuorum(): boolean {
    const voters = [...this.#members.values()].filter((member) => !member.isLearner);
    return voters.filter((member) => member.isUp).length * 2 > voters.length;
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  /** Whether this node has data, as a member or as one on its way. */
  has(name: string): boolean {
    return this.#members.has(name);
  }

  bootstrap(name: string, address: string): void {
    this.#members.set(name, { name, address, isLearner: false, isUp: true });
    this.changes.tell();
  }

  /**
   * Until this node is a voting member that is up: at once where it was one, else as a learner first, one at a time, as etcd
   * wants it. Rejects when the signal aborts; a learner that went away in the middle goes on when it comes back.
   */
  async join(
    name: string,
    address: string,
    { syncMs, signal }: { readonly syncMs: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const mayEnter = () => this.#members.has(name) || (this.hasQuorum && !this.#hasLearner());
    // Asked again after the wait: another one may have come in at the same moment.
    while (!mayEnter()) await this.changes.until(mayEnter, signal);
    const member = this.#members.get(name) ?? { name, address, isLearner: true, isUp: true };
    member.isUp = true;
    this.#members.set(name, member);
    this.changes.tell();
    if (member.isLearner) {
      await this.#clock.sleep(syncMs, { signal });
      await this.changes.until(() => this.hasQuorum, signal);
      member.isLearner = false;
      this.changes.tell();
    }
    await this.changes.until(() => this.hasQuorum, signal);
  }

  /** Its process or its power is gone; the membership stays. */
  down(name: string): void {
    const member = this.#members.get(name);
    if (member === undefined || !member.isUp) return;
    member.isUp = false;
    this.changes.tell();
  }

  leave(name: string): void {
    if (this.#members.delete(name)) this.changes.tell();
  }

  /** @throws where this node's etcd does not answer */
  list(name: string): readonly EtcdMember[] {
    const own = this.#members.get(name);
    if (own?.isUp !== true || !this.hasQuorum) throw new Error("etcd is not up");
    return [...this.#members.values()].map((member) => {
      const host = member.address.includes(":") ? `[${member.address}]` : member.address;
      return {
        id: createHash("sha256").update(member.name).digest().readBigUInt64BE(0),
        hostname: member.name,
        peerUrls: [`https://${host}:2380`],
        clientUrls: [`https://${host}:2379`],
        isLearner: member.isLearner,
      };
    });
  }

  #hasLearner(): boolean {
    return [...this.#members.values()].some((member) => member.isLearner);
  }
}
