/** What happens to a cached thing, as it happens; views turn it into lines. */
export type PartsEvent =
  | { readonly kind: "cached"; readonly name: string; readonly version: string }
  | { readonly kind: "damaged"; readonly name: string; readonly problem: string }
  | { readonly kind: "waiting"; readonly name: string; readonly holder: string }
  | { readonly kind: "started"; readonly name: string; readonly version: string; readonly action: string }
  | { readonly kind: "detail"; readonly name: string; readonly detail: string }
  | { readonly kind: "finished"; readonly name: string; readonly sizeBytes?: number }
  | { readonly kind: "failed"; readonly name: string };

export type Report = (event: PartsEvent) => void;

/** The line for one event, without a line end; undefined for events that only change the running line. */
export function eventLine(event: PartsEvent, elapsedMs: number): string | undefined {
  switch (event.kind) {
    case "cached":
      return `cached   ${event.name} ${event.version}`;
    case "damaged":
      return `damaged  ${event.name}: ${event.problem}; making it again`;
    case "waiting":
      return `waiting  ${event.name}: ${event.holder} is making it`;
    case "started":
      return `${event.action} ${event.name} ${event.version} …`;
    case "detail":
      return undefined;
    case "finished":
      return `done     ${event.name} in ${seconds(elapsedMs)}${size(event.sizeBytes)}`;
    case "failed":
      return `failed   ${event.name} after ${seconds(elapsedMs)}`;
  }
}

/** The line that says that something is still going on: "building kube-apiserver v1.36.3 … 45 s (downloading …)". */
export function runningLine(
  started: Extract<PartsEvent, { readonly kind: "started" }>,
  elapsedMs: number,
  detail: string | undefined,
): string {
  const suffix = detail === undefined ? "" : ` (${detail})`;
  return `${started.action} ${started.name} ${started.version} … ${seconds(elapsedMs)}${suffix}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

function size(bytes: number | undefined): string {
  return bytes === undefined ? "" : `, ${(bytes / 1e6).toFixed(1)} MB`;
}
