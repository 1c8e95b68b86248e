import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import { type KindRef, record, records } from "../objects.ts";
import type { ApiResource } from "./api-resource.ts";
import { readServed, readServedList, type ServedResource } from "./served-resources.ts";
import type { Transport } from "./transport.ts";

export interface Discovery {
  /** @throws OperatorError KUBE_KIND_UNKNOWN after having asked the server anew */
  readonly resourceOf: (kind: KindRef, options: { readonly signal: AbortSignal }) => Promise<ApiResource>;
  /** Every group with version, and every kind in it: "apps/v1", "apps/v1/Deployment"; asked anew each time. */
  readonly apiVersions: (options: { readonly signal: AbortSignal }) => Promise<readonly string[]>;
  /** Every resource with its names, in the order of preference; asked anew each time. */
  readonly served: (options: { readonly signal: AbortSignal }) => Promise<readonly ServedResource[]>;
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

const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

/** What one answer of aggregated discovery serves; undefined where the server answered in the older way. */
function readAggregated(body: unknown): readonly string[] | undefined {
  const answer = record(body);
  if (answer?.["kind"] !== "APIGroupDiscoveryList") return undefined;
  return records(answer["items"]).flatMap((group) => {
    const { name } = record(group["metadata"]) ?? {};
    return records(group["versions"]).flatMap(({ version, resources }) => {
      const apiVersion = typeof name === "string" && name !== "" ? `${name}/${String(version)}` : String(version);
      const kinds = records(resources).flatMap(({ responseKind, subresources }) =>
        [responseKind, ...records(subresources).map((sub) => sub["responseKind"])].map((of) => record(of)?.["kind"]),
      );
      return [apiVersion, ...kinds.filter((kind) => typeof kind === "string").map((kind) => `${apiVersion}/${kind}`)];
    });
  });
}

/** Every group with version, as the older form of discovery lists them. */
function versionsOf(legacy: unknown, groups: unknown): readonly string[] {
  return [
    ...[record(legacy)?.["versions"] ?? []].flat().map(String),
    ...records(record(groups)?.["groups"]).flatMap((group) =>
      records(group["versions"]).map(({ groupVersion }) => String(groupVersion)),
    ),
  ];
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

  const ask = (path: string, accept: string | undefined, signal: AbortSignal): Promise<unknown> => {
    const doing = { verb: "discover", object: "what the cluster serves" };
    return transport.json(
      { method: "GET", path, doing, isRepeatable: true, ...(accept === undefined ? {} : { accept }) },
      { signal },
    );
  };

  /** One request per group and version, for servers without aggregated discovery (before Kubernetes 1.30). */
  const apiVersionsOneByOne = async (legacy: unknown, groups: unknown, signal: AbortSignal) => {
    const versions = versionsOf(legacy, groups);
    const kinds = await Promise.all(
      versions.map(async (version) =>
        records(record(await ask(groupPath(version), undefined, signal))?.["resources"]).map(
          ({ kind }) => `${version}/${String(kind)}`,
        ),
      ),
    );
    return [...versions, ...kinds.flat()];
  };

  return {
    served: async ({ signal }) => {
      const [legacy, groups] = await Promise.all([ask("/api", aggregated, signal), ask("/apis", aggregated, signal)]);
      const [core, others] = [readServed(legacy), readServed(groups)];
      if (core !== undefined && others !== undefined) return [...core, ...others];
      const lists = versionsOf(legacy, groups).map(async (version) =>
        readServedList(version, await ask(groupPath(version), undefined, signal)),
      );
      return (await Promise.all(lists)).flat();
    },
    apiVersions: async ({ signal }) => {
      const [legacy, groups] = await Promise.all([ask("/api", aggregated, signal), ask("/apis", aggregated, signal)]);
      const [core, others] = [readAggregated(legacy), readAggregated(groups)];
      const found =
        core === undefined || others === undefined
          ? await apiVersionsOneByOne(legacy, groups, signal)
          : [...core, ...others];
      return [...new Set(found)];
    },
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
