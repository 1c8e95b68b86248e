import type { Clock } from "../../lib/clock.ts";
import type { AppliedConfig, ImageNamespace, StoredImage } from "../interior.ts";
import { fullName } from "./bundle-stock.ts";
import type { RehearsalMirror } from "./mirror.ts";

/** The images of one machine: kept on its disk, pulled one after the other as a kubelet does. */
export class NodeImages {
  readonly #clock: Clock;
  readonly #mirror: RehearsalMirror;
  readonly #address: string;
  readonly #kept = new Map<string, StoredImage>();
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: { readonly clock: Clock; readonly mirror: RehearsalMirror; readonly address: string }) {
    this.#clock = options.clock;
    this.#mirror = options.mirror;
    this.#address = options.address;
  }

  /** A pull that is not asked for if the image is there. @throws PullError */
  async pull(
    namespace: ImageNamespace,
    reference: string,
    options: { readonly config: AppliedConfig; readonly signal: AbortSignal },
  ): Promise<StoredImage> {
    const key = `${namespace} ${fullName(reference)}`;
    const turn = this.#queue.then(async () => {
      options.signal.throwIfAborted();
      const known = this.#kept.get(key);
      if (known !== undefined) return known;
      const { digest, sizeBytes } = await this.#mirror.pull(reference, { address: this.#address, ...options });
      const image = { name: fullName(reference), digest, sizeBytes, createdAt: this.#clock.now() };
      this.#kept.set(key, image);
      return image;
    });
    this.#queue = turn.catch(() => undefined);
    return await turn;
  }

  /** As Talos pulls what it runs itself: again and again. @param options.onFailure - told each reason */
  async pullPatiently(
    reference: string,
    options: {
      readonly config: () => AppliedConfig;
      readonly pauseMs: number;
      readonly signal: AbortSignal;
      readonly onFailure: (reason: string) => void;
    },
  ): Promise<void> {
    for (;;) {
      try {
        await this.pull("system", reference, { config: options.config(), signal: options.signal });
        return;
      } catch (error) {
        options.signal.throwIfAborted();
        options.onFailure(error instanceof Error ? error.message : String(error));
        await this.#clock.sleep(options.pauseMs, { signal: options.signal });
      }
    }
  }

  list(namespace: ImageNamespace): readonly StoredImage[] {
    return [...this.#kept].filter(([key]) => key.startsWith(`${namespace} `)).map(([, image]) => image);
  }

  /** What went with the partition that held them. */
  forget(): void {
    this.#kept.clear();
  }
}
