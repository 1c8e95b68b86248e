import type { Clock } from "../../lib/clock.ts";
import type { ComponentFiles } from "../package/open-package.ts";
import type { GitAccess } from "./open-git-server.ts";

export interface PushRepositoriesRequest {
  /** As the component lists them: `https://github.com/team/app.git@v1.2.0`. */
  readonly repositories: readonly string[];
  readonly files: ComponentFiles;
  readonly server: GitAccess;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress?: (event: RepositoryProgress) => void;
}

export interface RepositoryProgress {
  /** As the component lists it, without credentials. */
  readonly repository: string;
  readonly sentBytes: number;
  readonly totalBytes: number;
}

export interface PushedRepository {
  /** As the component lists it, without credentials. */
  readonly repository: string;
  /** Where it is now, as the cluster's state names the server. */
  readonly url: string;
  /** `refs/heads/main`, … that were created or moved; empty where nothing was new. */
  readonly pushed: readonly string[];
  readonly sentBytes: number;
}
