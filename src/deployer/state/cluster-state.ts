/**
 * What `zarf init` left in a cluster: the Secret `zarf-state` in namespace `zarf`. Keys that other versions do not write are filled
 * in as Zarf fills them in; what is unknown is left out of account.
 *
 * @see https://docs.zarf.dev/ref/init-package/ (Zarf v0.84.0)
 */
export interface ClusterState {
  readonly appliance: boolean;
  /** "unknown" on Talos; empty where nobody said. */
  readonly distro: string;
  /** Empty: the cluster's default. */
  readonly storageClass: string;
  readonly ipFamily: "" | "ipv4" | "ipv6" | "dual";
  /** Where an agent was installed; each base64 of PEM. */
  readonly agent: { readonly ca: string; readonly cert: string; readonly key: string } | undefined;
  readonly agentMutationPolicy: string;
  readonly injector: {
    readonly image: string;
    readonly port: number;
    readonly payloadConfigMaps: number;
    readonly payloadShaSum: string;
  };
  /** Undefined where the cluster has no registry for packages. */
  readonly registry: RegistryState | undefined;
  /** Undefined where the cluster has no Git server for packages. */
  readonly git: GitState | undefined;
  readonly artifact:
    | { readonly address: string; readonly pushUsername: string; readonly pushToken: string }
    | undefined;
}

export interface RegistryState {
  /** "127.0.0.1:31999", "registry.example:5000/prefix" */
  readonly address: string;
  /** 0 where the registry is external. */
  readonly port: number;
  readonly mode: "nodeport" | "proxy" | "external";
  readonly mtlsStrategy: "" | "none" | "zarf-managed";
  readonly pushUsername: string;
  readonly pushPassword: string;
  readonly pullUsername: string;
  readonly pullPassword: string;
  /** The registry's own HTTP secret. */
  readonly secret: string;
}

export interface GitState {
  /** "http://zarf-gitea-http.zarf.svc.cluster.local:3000" */
  readonly address: string;
  readonly isInternal: boolean;
  readonly pushUsername: string;
  readonly pushPassword: string;
  readonly pullUsername: string;
  readonly pullPassword: string;
}

/** Where Zarf keeps its state and its records. */
export const stateNamespace = "zarf";
