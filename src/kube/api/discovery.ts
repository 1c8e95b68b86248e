import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import { type KindRef, record, records } from "../objects.ts";
import type { Transport } from "./transport.ts";

/** Where the API server keeps a kind. */
export interface ApiResource {
  readonly apiVersion: string;
  readonly kind: string;
  /** "deployments" */
  readonly plural: string;
  readonly isNamespaced: boolean;
}

export interface Discovery {
  /** @throws OperatorError KUBE_KIND_UNKNOWN after having asked the server anew */
  readonly resourceOf: (kind: KindRef, options: { readonly signal: AbortSignal }) => Promise<ApiResource>;
}

/** "/api/v1" or "/apis/apps/v1" */
export function groupPath(apiVersion: string): string {
  const path = apiVersion.split("/").map(encodeURIComponent).join("/");
  return apiVersion.includes("/") ? `/apis/${path}` : `/api/${path}`;
}

/** Resources of one group and version, subresources left out, by kind. */
function readResources(apiVersion: string, body: unknown): ReadonlyMap<string, ApiResource> {
  const found = new Map<string, ApiResource>();
  for (const item of records(record(body)?.["resources"])) {
    const { name, kind, namespaced } = item;
    if (typeof name !== "string" || typeof kind !== "string" || name.includes("/") || found.has(kind)) continue;
    found.set(kind, { apiVersion, kind, plural: name, isNamespaced: namespaced === true });
  }
  return found;
}

/**
 * Finds the path of a kind by asking the server once per group and version. A kind that is not there is asked for again each
 * time, so that a CustomResourceDefinition applied a moment ago is seen.
 */
export function createDiscovery(transport: Transport): Discovery {
  const known = new Map<string, ReadonlyMap<string, ApiResource>>();

  const load = async (apiVersion: string, signal: AbortSignal): Promise<ReadonlyMap<string, ApiResource>> => {
    try {
      const body = await transport.json(
        {
          method: "GET",
          path: groupPath(apiVersion),
          doing: { verb: "discover", object: apiVersion },
          isRepeatable: true,
        },
        { signal },
      );
      const resources = readResources(apiVersion, body);
      known.set(apiVersion, resources);
      return resources;
    } catch (error) {
      if (isOperatorError(error, "KUBE_NOT_FOUND")) return new Map();
      throw error;
    }
  };

  return {
    resourceOf: async ({ apiVersion, kind }, { signal }) => {
      const resource = known.get(apiVersion)?.get(kind) ?? (await load(apiVersion, signal)).get(kind);
      if (resource !== undefined) return resource;
      throw new OperatorError("KUBE_KIND_UNKNOWN", `the cluster does not know ${kind} of ${apiVersion}`, {
        where: { object: kind },
        next: ["kubectl api-resources    lists what the cluster serves"],
        retry: "later",
      });
    },
  };
}
