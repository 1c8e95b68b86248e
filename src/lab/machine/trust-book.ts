import type { CertificateAndKey } from "../../lib/x509/index.ts";

/**
 * Stands for trustd: a worker has no key of the cluster's authority, so its API has a certificate only once a control plane
 * that runs has signed one. Machines of one rack share a book.
 */
export class TrustBook {
  readonly #offers = new Map<object, CertificateAndKey>();
  readonly #waiting = new Set<() => void>();

  /** A control plane's trustd runs now. */
  offer(owner: object, authority: CertificateAndKey): void {
    this.#offers.set(owner, authority);
    for (const wake of this.#waiting) wake();
  }

  /** It no longer does. */
  withdraw(owner: object): void {
    this.#offers.delete(owner);
  }

  /** The authority with its key, once a control plane offers it; rejects when the signal aborts. */
  request(certificatePem: string, { signal }: { readonly signal: AbortSignal }): Promise<CertificateAndKey> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = [...this.#offers.values()].find((offer) => offer.certificatePem === certificatePem);
        if (found === undefined && !signal.aborted) return;
        this.#waiting.delete(look);
        signal.removeEventListener("abort", look);
        if (found === undefined) reject(new Error("stopped"));
        else resolve(found);
      };
      this.#waiting.add(look);
      signal.addEventListener("abort", look, { once: true });
      look();
    });
  }
}
