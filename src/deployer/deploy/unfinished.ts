import type { StoredRecord } from "../state/index.ts";

/**
 * The generation at which an unfinished deployment began, if it was given the same as this one: components of a later one that
 * succeeded are done. Undefined where there is nothing to go on with.
 */
export function startOfUnfinished(before: StoredRecord | undefined, inputs: string): number | undefined {
  const [given, start] = before?.unfinishedInputs?.split("@") ?? [];
  return given === inputs && /^\d+$/.test(start ?? "") ? Number(start) : undefined;
}

/** Components that an unfinished deployment, given the same, has brought to their end. */
export function doneBefore(before: StoredRecord | undefined, inputs: string): ReadonlySet<string> {
  const start = startOfUnfinished(before, inputs);
  if (start === undefined) return new Set();
  const done = (before?.value.deployedComponents ?? []).filter(
    ({ status, observedGeneration }) => status === "Succeeded" && observedGeneration > start,
  );
  return new Set(done.map(({ name }) => name));
}
