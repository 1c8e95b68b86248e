import { type KubeObject, record } from "../../../kube/index.ts";

type Fields = { readonly [key: string]: Fields };

/** Which fields an applied object decides, as `managedFields` writes them; lists count as a whole. */
export function fieldsOf(object: KubeObject): Fields {
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = object;
  const { name: _name, namespace: _namespace, ...meta } = metadata;
  return fields({ ...rest, ...(Object.keys(meta).length === 0 ? {} : { metadata: meta }) });
}

function fields(value: Readonly<Record<string, unknown>>): Fields {
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const nested = record(inner);
      return [`f:${key}`, nested === undefined ? {} : fields(nested)];
    }),
  );
}

/**
 * What applying makes of an object: fields applied before and no longer are removed, those applied now are set, all others stay.
 */
export function mergeOwned(live: KubeObject | undefined, before: KubeObject | undefined, now: KubeObject): KubeObject {
  if (live === undefined) return now;
  const kept = before === undefined ? live : without(live, before, now);
  return merge(kept, now) as KubeObject;
}

type Values = Readonly<Record<string, unknown>>;

function without(live: Values, before: Values, now: Values): Values {
  const entries = Object.entries(live).flatMap(([key, value]): readonly (readonly [string, unknown])[] => {
    if (!(key in before)) return [[key, value]];
    const [liveIn, beforeIn, nowIn] = [record(value), record(before[key]), record(now[key])];
    if (liveIn === undefined || beforeIn === undefined) return key in now ? [[key, value]] : [];
    const inner = without(liveIn, beforeIn, nowIn ?? {});
    return Object.keys(inner).length === 0 && !(key in now) ? [] : [[key, inner]];
  });
  return Object.fromEntries(entries);
}

function merge(below: Values, above: Values): Values {
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const [one, other] = [record(merged[key]), record(value)];
    merged[key] = one === undefined || other === undefined ? value : merge(one, other);
  }
  return merged;
}
