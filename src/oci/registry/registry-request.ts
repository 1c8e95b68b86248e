/** Who we are to a registry. */
export interface RegistryAuth {
  readonly username: string;
  readonly password: string;
  /** The host (with port) of the token server, where it is not the registry's own; Docker Hub's is known. */
  readonly tokenHost?: string;
}

export interface RegistryRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT";
  /** Absolute, or below the API root: `library/registry/manifests/3`. */
  readonly url: string;
  /** Which repository, and whether to write: tokens are kept apart by both. */
  readonly scope: { readonly repository: string; readonly action: "pull" | "push" };
  readonly headers?: Readonly<Record<string, string>>;
  /** Called for each try, so that a stream can be sent again after a challenge. */
  readonly body?: () => AsyncIterable<Uint8Array> | Uint8Array;
  /** Time for the answer to begin once all is sent; default as long as any silence may last. */
  readonly answerWithinMs?: number;
  readonly what: string;
  readonly signal: AbortSignal;
  /** Statuses that are an answer and not a failure. */
  readonly accept: readonly number[];
}
