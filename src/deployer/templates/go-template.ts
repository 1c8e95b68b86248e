import type { ChartEngine, EngineCall, JsonObject } from "../charts/engine/index.ts";
import type { ClusterState } from "../state/index.ts";
import { seedAddress, usesMutualTls } from "./built-ins.ts";
import { type Scope, sensitiveTexts } from "./scope.ts";
import type { TemplateValues } from "./template-value.ts";

/** The groups of secret fields that a component may ask for (`stateAccess`). */
export type StateAccessKey = "registryCredentials" | "gitCredentials" | "agentCerts";

export interface GoTemplateRequest {
  /** For messages: the file, or what the command is for. */
  readonly name: string;
  readonly text: string;
  readonly scope: Scope;
  /** `.State`; see {@link stateOf}. */
  readonly state?: JsonObject | undefined;
  /** `.Pkg`: the definition in Zarf's JSON. Actions have none. */
  readonly package?: JsonObject | undefined;
  /** Built-ins, for what messages must not show. */
  readonly builtIns?: TemplateValues;
}

/**
 * Fills in one Go template as Zarf does: `.Values`, `.Constants`, `.Variables`, and where they are given `.Pkg` and `.State`.
 *
 * @throws OperatorError CHART_TEMPLATE_INVALID with Go's message, sensitive values masked
 */
export async function applyGoTemplate(
  engine: Pick<ChartEngine, "goTemplate">,
  request: GoTemplateRequest,
  call: EngineCall,
): Promise<string> {
  const { name, text, scope, state, builtIns, package: definition } = request;
  const texts = (values: ReadonlyMap<string, { readonly value: string }>): JsonObject =>
    Object.fromEntries([...values].map(([key, { value }]) => [key, value]));
  const data: JsonObject = {
    Values: scope.values,
    Constants: texts(scope.constants),
    Variables: texts(scope.variables),
    ...(state === undefined ? {} : { State: state }),
  };
  return await engine.goTemplate(
    {
      name,
      text,
      data,
      ...(definition === undefined ? {} : { package: definition }),
      sensitive: sensitiveTexts([...scope.variables.values(), ...(builtIns?.values() ?? [])]),
    },
    call,
  );
}

/**
 * `.State` of Go templates. Secret fields are there only where the component names their group, so touching others is an error.
 *
 * @param options.htpasswd - as in the built-ins; absent: touching `.State.Registry.Htpasswd` of a registry in the cluster is an error
 */
export function stateOf(
  state: ClusterState,
  options: { readonly access: readonly StateAccessKey[]; readonly htpasswd?: string },
): JsonObject {
  const { registry, git, agent } = state;
  const may = (key: StateAccessKey): boolean => options.access.includes(key);
  const htpasswd = registry === undefined || registry.mode === "external" ? "" : options.htpasswd;
  return {
    Distro: state.distro,
    StorageClass: state.storageClass,
    IPFamily: state.ipFamily,
    Registry: {
      Address: registry?.address ?? "",
      Port: registry?.port ?? 0,
      PushUsername: registry?.pushUsername ?? "",
      PullUsername: registry?.pullUsername ?? "",
      Mode: registry?.mode ?? "",
      MTLSEnabled: usesMutualTls(state),
      SeedAddress: seedAddress(state),
      ...(may("registryCredentials")
        ? {
            PushPassword: registry?.pushPassword ?? "",
            PullPassword: registry?.pullPassword ?? "",
            Secret: registry?.secret ?? "",
            ...(htpasswd === undefined ? {} : { Htpasswd: htpasswd }),
          }
        : {}),
    },
    Git: {
      Address: git?.address ?? "",
      PushUsername: git?.pushUsername ?? "",
      PullUsername: git?.pullUsername ?? "",
      IsInternal: git?.isInternal ?? false,
      ...(may("gitCredentials")
        ? { PushPassword: git?.pushPassword ?? "", PullPassword: git?.pullPassword ?? "" }
        : {}),
    },
    Injector: {
      Image: state.injector.image,
      Port: state.injector.port,
      PayloadConfigMaps: state.injector.payloadConfigMaps,
      PayloadShaSum: state.injector.payloadShaSum,
    },
    ...(may("agentCerts") ? { Agent: { CA: agent?.ca ?? "", Cert: agent?.cert ?? "", Key: agent?.key ?? "" } } : {}),
  };
}
