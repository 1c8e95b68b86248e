import type { Cluster, KubeObject, Selection, WatchEvent } from "../../kube/index.ts";
import type { Clock } from "../../lib/clock.ts";
import { isOperatorError } from "../../lib/errors/index.ts";

const intervalMs = 1000;
const nameOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ""}/${metadata.name ?? ""}`;

/** A watch in virtual time: it looks once a second and tells what is other than before. */
export async function* polledWatch(
  cluster: Pick<Cluster, "list">,
  selection: Selection,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): AsyncGenerator<WatchEvent> {
  const seen = new Map<string, KubeObject>();
  let isSynced = false;
  for (;;) {
    try {
      const { items } = await cluster.list(selection, { signal });
      yield* changes(seen, items);
      if (!isSynced) yield { type: "synced" };
      isSynced = true;
    } catch (error) {
      signal.throwIfAborted();
      const isAway = isOperatorError(error, "KUBE_UNREACHABLE") || isOperatorError(error, "KUBE_UNAVAILABLE");
      if (!isAway) throw error;
      yield { type: "interrupted", error };
    }
    await clock.sleep(intervalMs, { signal });
  }
}

function* changes(seen: Map<string, KubeObject>, items: readonly KubeObject[]): Generator<WatchEvent> {
  const gone = new Map(seen);
  for (const object of items) {
    const known = seen.get(nameOf(object));
    gone.delete(nameOf(object));
    seen.set(nameOf(object), object);
    if (known === undefined) yield { type: "added", object };
    // Statuses follow from what the rehearsal knows, and change without a version of their own.
    else if (JSON.stringify(known) !== JSON.stringify(object)) yield { type: "modified", object };
  }
  for (const [name, object] of gone) {
    seen.delete(name);
    yield { type: "deleted", object };
  }
}
