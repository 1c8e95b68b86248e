import { injectData } from "../injections/index.ts";
import { streamsOf } from "./cluster-streams.ts";
import type { ComponentRun } from "./component-run.ts";
import type { Site } from "./run.ts";

/** Data on its way into pods, while the component goes on. */
export interface RunningInjections {
  /** Resolves when all of it is there. @throws OperatorError INJECTION_… of the first that failed */
  readonly done: () => Promise<void>;
  /** Ends what is still under way; nothing goes on in the background afterwards. Safe to repeat. */
  readonly stop: () => Promise<void>;
}

/** Begins to give the component's data to the pods that wait for it, which its charts and manifests bring later. */
export function startInjections(at: ComponentRun, site: Site): RunningInjections {
  const { run, component, files } = at;
  const stop = new AbortController();
  const signal = AbortSignal.any([at.signal, stop.signal]);
  const running = component.dataInjections.map((injection, index) =>
    injectData({
      cluster: site.cluster,
      streams: streamsOf(site),
      files,
      injection,
      index,
      marker: run.marker,
      clock: run.clock,
      signal,
      // The pods come with the component's own charts, which may take their whole time first.
      findTimeoutMs: run.options.timeoutMs,
      readyTimeoutMs: run.options.timeoutMs,
      onProgress: (progress) => run.tell({ kind: "injection", component: component.name, progress }),
    }),
  );
  const settled = Promise.allSettled(running);
  return {
    done: async () => {
      await Promise.all(running);
    },
    stop: async () => {
      stop.abort();
      await settled;
    },
  };
}
