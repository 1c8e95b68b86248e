import type { CertificateAndKey } from "../../../lib/x509/index.ts";
import { TrustBook } from "../../machine/trust-book.ts";

/** The trust book of a machine that has a process to itself: what it offers goes to the supervisor, what others offer comes from there. */
export class RelayedTrust extends TrustBook {
  readonly #publish: (authority: CertificateAndKey | undefined) => void;
  #own: object | undefined;
  #others: readonly object[] = [];

  constructor(publish: (authority: CertificateAndKey | undefined) => void) {
    super();
    this.#publish = publish;
  }

  override offer(owner: object, authority: CertificateAndKey): void {
    super.offer(owner, authority);
    this.#own = owner;
    this.#publish(authority);
  }

  override withdraw(owner: object): void {
    super.withdraw(owner);
    if (this.#own !== owner) return;
    this.#own = undefined;
    this.#publish(undefined);
  }

  /** All that the others offer now. */
  learn(authorities: readonly CertificateAndKey[]): void {
    for (const owner of this.#others) super.withdraw(owner);
    this.#others = authorities.map((authority) => {
      const owner = {};
      super.offer(owner, authority);
      return owner;
    });
  }
}
