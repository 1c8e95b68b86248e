import { readFileSync } from "node:fs";
import path from "node:path";
import type { JsonObject, StateChange } from "./state.ts";

const folder = path.join(import.meta.dirname, "../../fixtures/zarf/expected/public");

/** One file or folder that a step left behind. */
export interface RecordedFile {
  readonly path: string;
  /** `0644` */
  readonly mode: string;
  readonly type?: "dir";
  readonly size?: number;
  readonly sha256?: string;
  readonly symlink?: string;
  readonly text?: string;
  readonly base64?: string;
}

/** One command of real Zarf, and what it did. */
export interface RecordedStep {
  readonly label: string;
  /** `["zarf", "package", "deploy", ".in/zarf-package-web-amd64-1.0.0.tar.zst", "--confirm", …]` */
  readonly args: readonly string[];
  readonly exitCode: number;
  readonly cluster: StateChange;
  readonly files?: readonly RecordedFile[];
}

/** What real Zarf v0.84.0 did with one package in one kind of cluster. */
export interface Recording {
  /** `public/web/zarf-package-web-amd64-1.0.0.tar.zst` */
  readonly package: string;
  readonly steps: readonly RecordedStep[];
  /** `demo/web:1.0.0` to what was pushed there. */
  readonly registryContentAdded?: Readonly<Record<string, { readonly digest: string; readonly mediaType: string }>>;
  /** Repository to its references: `[commit, name]`. */
  readonly gitRefsAdded?: Readonly<Record<string, readonly (readonly [string, string])[]>>;
}

/** @param name - `deploy-connected/manifests-images` */
export function readRecording(name: string): Recording {
  return JSON.parse(readFileSync(path.join(folder, `${name}.json`), "utf8")) as Recording;
}

/** The secret `zarf-state` that `zarf init` wrote for an external registry and Git server; private keys were replaced by a note. */
export function recordedStateSecret(): JsonObject {
  const { steps } = readRecording("deploy-external/init");
  const secret = steps[0]?.cluster.created["Secret.v1/zarf/zarf-state"];
  if (secret === undefined) throw new Error("the recording of zarf init has no state");
  return secret;
}
