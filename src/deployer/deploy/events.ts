import type { ActionEvent } from "../actions/index.ts";
import type { ReleaseEvent } from "../charts/releases/index.ts";
import type { ImagePushProgress } from "../images/index.ts";
import type { InjectionProgress } from "../injections/index.ts";
import type { RepositoryProgress } from "../repositories/index.ts";

/** What a deployment or a removal tells on its way. No text of it holds a sensitive value. */
export type DeployEvent =
  | {
      readonly kind: "component";
      readonly component: string;
      readonly status: "started" | "succeeded" | "failed" | "removed";
    }
  /** A namespace, or a secret in it, that was not as it should be. */
  | { readonly kind: "object"; readonly object: string; readonly outcome: "created" | "configured" | "pruned" }
  | { readonly kind: "action"; readonly component: string; readonly event: ActionEvent }
  | { readonly kind: "file"; readonly component: string; readonly target: string }
  | { readonly kind: "images"; readonly component: string; readonly progress: ImagePushProgress }
  | { readonly kind: "repository"; readonly component: string; readonly progress: RepositoryProgress }
  | { readonly kind: "injection"; readonly component: string; readonly progress: InjectionProgress }
  | {
      readonly kind: "release";
      readonly component: string;
      /** Of the chart or the manifest, as the package calls it. */
      readonly title: string;
      readonly event: ReleaseEvent;
    }
  | { readonly kind: "release-done"; readonly component: string; readonly title: string; readonly outcome: ReleaseEnd }
  | { readonly kind: "waiting"; readonly what: string; readonly reason: string }
  /** Something the operator should know although nothing failed. */
  | { readonly kind: "notice"; readonly text: string };

export type ReleaseEnd = "installed" | "upgraded" | "unchanged" | "uninstalled" | "missing";

/** An event in a few words, for a line of progress; undefined for what is not worth one. */
export function describeEvent(event: DeployEvent): string | undefined {
  switch (event.kind) {
    case "component":
      return `component ${event.component} ${event.status}`;
    case "object":
      return `${event.object} ${event.outcome}`;
    case "action":
      return describeAction(event.event);
    case "file":
      return `file ${event.target} placed`;
    case "images": {
      const { done, total } = event.progress.images;
      return `images ${done} of ${total}: ${event.progress.image}`;
    }
    case "repository":
      return `repository ${event.progress.repository}`;
    case "injection":
      return `data: ${event.progress.stage}${event.progress.pod === undefined ? "" : ` ${event.progress.pod}`}`;
    case "release":
      return describeRelease(event.event);
    case "release-done":
      return `${event.title} ${event.outcome}`;
    case "waiting":
      return `${event.what}: ${event.reason}`;
    case "notice":
      return event.text;
  }
}

function describeAction(event: ActionEvent): string {
  switch (event.kind) {
    case "started":
      return event.attempts > 1 ? `${event.title} (try ${event.attempt} of ${event.attempts})` : event.title;
    case "line":
      return event.line;
    case "waiting":
    case "retrying":
      return `${event.title}: ${event.reason}`;
    case "succeeded":
      return `${event.title}: done`;
  }
}

function describeRelease(event: ReleaseEvent): string | undefined {
  switch (event.type) {
    case "object":
      return event.outcome === "unchanged" ? undefined : `${event.object} ${event.outcome}`;
    case "waiting":
      return `${event.object}: ${event.reason}`;
    case "ready":
      return `${event.object} ready`;
    case "hook":
      return `hook ${event.object} ${event.event} ${event.phase}`;
    case "healed":
      return `revision ${event.revision} was left ${event.was} by a run that died; going on from there`;
    case "rollingBack":
      return `rolling back to revision ${event.toRevision}: ${event.because}`;
    case "retrying":
      return `${event.what}: ${event.reason}`;
  }
}
