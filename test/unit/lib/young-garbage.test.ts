import { constants, PerformanceObserver } from "node:perf_hooks";
import { describe, expect, it } from "vitest";
import { chunksPassed } from "../../../src/lib/young-garbage.ts";

describe("chunksPassed()", () => {
  it("has the young generation collected once enough has passed, and not before", async () => {
    const kinds: unknown[] = [];
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { kind, flags } = (entry as unknown as { readonly detail: { kind: number; flags: number } }).detail;
        if (flags === constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) kinds.push(kind);
      }
    });
    observer.observe({ entryTypes: ["gc"] });
    const told = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

    chunksPassed(1024);
    await told();
    expect(kinds).toEqual([]);

    chunksPassed(4 * 1024 * 1024);
    await told();
    observer.disconnect();
    expect(kinds).toEqual([constants.NODE_PERFORMANCE_GC_MINOR]);
    expect("gc" in globalThis).toBe(false);
  });
});
