import type { Clock } from "../../lib/clock.ts";
import { parseReference } from "../../oci/index.ts";
import type { AppliedConfig } from "../interior.ts";
import { type PullEndpoint, pullEndpoints } from "../node/images/pull-endpoints.ts";
import { PullError } from "../node/images/pull-error.ts";
import { fullName, type StockedImage } from "./bundle-stock.ts";
import { SharedLink } from "./shared-link.ts";
import { LATENCY_MS, LINK_BYTES_PER_SECOND } from "./timings.ts";

/** Who pulls: its address, and the config that says from where. */
export interface Puller {
  readonly address: string;
  readonly config: AppliedConfig;
  readonly signal: AbortSignal;
}

/** What was asked of a mirror since it was opened. */
export interface MirrorTally {
  readonly requests: number;
  readonly images: number;
  readonly bytes: number;
}

/** The laptop's mirror: it has what the bundle has, and one cable for all. */
export class RehearsalMirror {
  readonly #clock: Clock;
  readonly #link: SharedLink;
  readonly #stock: ReadonlyMap<string, StockedImage>;
  readonly #missing: ReadonlySet<string>;
  readonly #onRefusal: (reference: string) => void;
  readonly #lastRequest = new Map<string, number>();
  readonly #images = new Set<string>();
  #host: string | undefined;
  #requests = 0;
  #bytes = 0;

  /** @param options.missing - full references that it refuses although the bundle has them */
  constructor(options: {
    readonly clock: Clock;
    readonly stock: ReadonlyMap<string, StockedImage>;
    readonly missing: ReadonlySet<string>;
    readonly onRefusal: (reference: string) => void;
  }) {
    this.#clock = options.clock;
    this.#stock = options.stock;
    this.#missing = options.missing;
    this.#onRefusal = options.onRefusal;
    this.#link = new SharedLink({ clock: options.clock, bytesPerSecond: LINK_BYTES_PER_SECOND });
  }

  /** Pulls that are being answered now. */
  get active(): number {
    return this.#link.active;
  }

  /** @param host - `10.5.0.1:5443`, as machine configs name it */
  open(host: string): void {
    this.#host = host;
    this.#requests = 0;
    this.#bytes = 0;
    this.#images.clear();
    this.#lastRequest.clear();
  }

  close(): void {
    this.#host = undefined;
  }

  /** When an address last asked for anything, in ms since the epoch. */
  lastRequestMs(address: string): number | undefined {
    return this.#lastRequest.get(address);
  }

  tally(): MirrorTally {
    return { requests: this.#requests, images: this.#images.size, bytes: this.#bytes };
  }

  /** An image over the endpoints that the node's config names. @throws PullError of the last endpoint */
  async pull(reference: string, puller: Puller): Promise<StockedImage> {
    const { registry } = parseReference(reference);
    let failure: unknown;
    for (const endpoint of pullEndpoints(puller.config, registry)) {
      try {
        return await this.#pullFrom(endpoint, reference, puller);
      } catch (error) {
        puller.signal.throwIfAborted();
        failure = error;
      }
    }
    throw failure;
  }

  async #pullFrom(endpoint: PullEndpoint, reference: string, { address, signal }: Puller): Promise<StockedImage> {
    await this.#clock.sleep(2 * LATENCY_MS, { signal });
    const { repository, tag, digest } = parseReference(reference);
    const url = `${endpoint.root}/${repository}/manifests/${digest ?? tag ?? "latest"}`;
    const failed = (why: string) => new PullError("unreachable", `failed to do request: Head "${url}": ${why}`);
    if (endpoint.upstream) throw failed(`dial tcp: lookup ${endpoint.host}: no such host`);
    if (this.#host === undefined) throw failed(`dial tcp ${endpoint.host}: connect: connection refused`);
    if (endpoint.host !== this.#host) throw failed(`dial tcp ${endpoint.host}: connect: no route to host`);
    if (endpoint.tls?.ca === undefined && endpoint.tls?.insecureSkipVerify !== true)
      throw failed("tls: failed to verify certificate: x509: certificate signed by unknown authority");
    this.#lastRequest.set(address, this.#clock.now().getTime());
    this.#requests += 1;
    const name = fullName(reference);
    const image = this.#stock.get(name);
    if (image === undefined || this.#missing.has(name)) {
      this.#onRefusal(name);
      throw new PullError("not-found", `${url}: 404 Not Found`);
    }
    await this.#link.carry(image.sizeBytes, { signal });
    this.#lastRequest.set(address, this.#clock.now().getTime());
    this.#requests += image.requests - 1;
    this.#bytes += image.sizeBytes;
    this.#images.add(name);
    return image;
  }
}
