import type { ComponentFiles } from "../package/open-package.ts";

/** The Git server of a cluster, as its state names it. */
export interface GitServer {
  /** `https://git.example`, `http://zarf-gitea-http.zarf.svc.cluster.local:3000` */
  readonly address: string;
  readonly pushUsername: string;
  readonly pushPassword: string;
}

export interface PushRepositoriesRequest {
  /** As the component lists them: `https://github.com/team/app.git@v1.2.0`. */
  readonly repositories: readonly string[];
  readonly files: ComponentFiles;
  readonly server: GitServer;
  readonly signal: AbortSignal;
  readonly onProgress?: (event: RepositoryProgress) => void;
}

export interface RepositoryProgress {
  /** As the component lists it. */
  readonly repository: string;
  readonly sentBytes: number;
}

export interface PushedRepository {
  /** As the component lists it. */
  readonly repository: string;
  /** Without credentials. */
  readonly url: string;
  /** `refs/heads/main`, … that were created or moved; empty where nothing was new. */
  readonly pushed: readonly string[];
  readonly sentBytes: number;
}
