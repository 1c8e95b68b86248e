import { record } from "../../../kube/index.ts";

/** What a JSON merge patch makes of a value. @see https://www.rfc-editor.org/rfc/rfc7386 */
export function mergePatch(value: unknown, patch: unknown): unknown {
  const changes = record(patch);
  if (changes === undefined) return patch;
  const merged: Record<string, unknown> = { ...record(value) };
  for (const [key, change] of Object.entries(changes)) {
    if (change === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], change);
  }
  return merged;
}
