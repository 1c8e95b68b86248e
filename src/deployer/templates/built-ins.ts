import { OperatorError } from "../../lib/errors/index.ts";
import type { ClusterState } from "../state/index.ts";
import type { TemplateValue, TemplateValues } from "./template-value.ts";

/** What `--connected` sees where no `zarf init` has been: everything empty. */
export const emptyClusterState: ClusterState = {
  appliance: false,
  distro: "",
  storageClass: "",
  ipFamily: "",
  agent: undefined,
  agentMutationPolicy: "",
  injector: { image: "", port: 0, payloadConfigMaps: 0, payloadShaSum: "" },
  registry: undefined,
  git: undefined,
  artifact: undefined,
};

export interface BuiltInOptions {
  readonly component: string;
  /** What pods with injected data wait for: `.zarf-injection-1795370840`. */
  readonly marker: string;
  /** Two htpasswd lines joined by a backslash and an n; asked for only where the registry is in the cluster. */
  readonly htpasswd?: string;
}

const sensitive = new Set(
  "REGISTRY_AUTH_PUSH REGISTRY_AUTH_PULL GIT_AUTH_PUSH GIT_AUTH_PULL AGENT_CRT AGENT_KEY AGENT_CA HTPASSWD REGISTRY_SECRET".split(
    " ",
  ),
);

/**
 * The template values that come from the state of the cluster, by key (`REGISTRY` for `###ZARF_REGISTRY###`). Where no state is
 * loaded there are none: ask for none then.
 *
 * @throws OperatorError PACKAGE_FEATURE_UNSUPPORTED where a component deploys a registry of Zarf's own and no htpasswd was made
 * @see https://docs.zarf.dev/ref/values/ (Zarf v0.84.0)
 */
export function builtInValues(state: ClusterState, options: BuiltInOptions): TemplateValues {
  const { registry, git, injector } = state;
  const texts: Record<string, string> = {
    STORAGE_CLASS: state.storageClass,
    IPV6_ONLY: String(state.ipFamily === "ipv6"),
    REGISTRY_MTLS_ENABLED: String(usesMutualTls(state)),
    REGISTRY_PROXY: String(registry?.mode === "proxy"),
    INJECTOR_IMAGE: injector.image,
    INJECTOR_HOSTPORT: String(injector.port),
    INJECTOR_PAYLOAD_CONFIGMAPS: String(injector.payloadConfigMaps),
    INJECTOR_SHASUM: injector.payloadShaSum,
    REGISTRY: registry?.address ?? "",
    NODEPORT: String(registry?.port ?? 0),
    REGISTRY_PORT: String(registry?.port ?? 0),
    REGISTRY_AUTH_PUSH: registry?.pushPassword ?? "",
    REGISTRY_AUTH_PULL: registry?.pullPassword ?? "",
    GIT_PUSH: git?.pushUsername ?? "",
    GIT_AUTH_PUSH: git?.pushPassword ?? "",
    GIT_PULL: git?.pullUsername ?? "",
    GIT_AUTH_PULL: git?.pullPassword ?? "",
    DATA_INJECTION_MARKER: options.marker,
    ...ofComponent(state, options),
  };
  return new Map(
    Object.entries(texts).map(([key, value]): [string, TemplateValue] => [
      key,
      sensitive.has(key) ? { value, isSensitive: true } : { value },
    ]),
  );
}

/** What only the components of an init package see. */
function ofComponent(state: ClusterState, options: BuiltInOptions): Record<string, string> {
  switch (options.component) {
    case "zarf-agent":
      return {
        AGENT_CRT: state.agent?.cert ?? "",
        AGENT_KEY: state.agent?.key ?? "",
        AGENT_CA: state.agent?.ca ?? "",
        AGENT_MUTATION_POLICY: state.agentMutationPolicy,
      };
    case "zarf-seed-registry":
    case "zarf-registry":
      return {
        SEED_REGISTRY: seedAddress(state),
        HTPASSWD: htpasswdOf(state, options),
        REGISTRY_SECRET: state.registry?.secret ?? "",
      };
    default:
      return {};
  }
}

function htpasswdOf({ registry }: ClusterState, { component, htpasswd }: BuiltInOptions): string {
  if (registry === undefined || registry.mode === "external") return "";
  if (htpasswd !== undefined) return htpasswd;
  throw new OperatorError(
    "PACKAGE_FEATURE_UNSUPPORTED",
    `component ${component} brings a registry of Zarf's own, whose htpasswd file is not made here`,
    { next: ["deploy the init package with zarf, or give the cluster a site registry of Skerry"] },
  );
}

export function usesMutualTls({ registry }: ClusterState): boolean {
  return registry !== undefined && registry.mtlsStrategy !== "" && registry.mtlsStrategy !== "none";
}

/** Where the injector answers on each node. */
export function seedAddress({ ipFamily, injector }: ClusterState): string {
  return `${ipFamily === "ipv6" ? "[::1]" : "127.0.0.1"}:${injector.port}`;
}
