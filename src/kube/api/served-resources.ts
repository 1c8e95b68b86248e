import { record, records } from "../objects.ts";
import type { ApiResource } from "./api-resource.ts";

/** A resource with every name that people call it by. */
export interface ServedResource extends ApiResource {
  /** "deployment"; empty where the server does not say. */
  readonly singular: string;
  /** "deploy" */
  readonly shortNames: readonly string[];
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(text) : []);

/** Every resource that one answer of aggregated discovery names, in its order; undefined where it is of the older form. */
export function readServed(body: unknown): readonly ServedResource[] | undefined {
  const answer = record(body);
  if (answer?.["kind"] !== "APIGroupDiscoveryList") return undefined;
  return records(answer["items"]).flatMap((group) => {
    const name = text(record(group["metadata"])?.["name"]);
    return records(group["versions"]).flatMap(({ version, resources }) => {
      const apiVersion = name === "" ? text(version) : `${name}/${text(version)}`;
      return records(resources).flatMap((resource): readonly ServedResource[] => {
        const kind = text(record(resource["responseKind"])?.["kind"]);
        const plural = text(resource["resource"]);
        if (kind === "" || plural === "") return [];
        return [
          {
            apiVersion,
            kind,
            plural,
            singular: text(resource["singularResource"]),
            shortNames: texts(resource["shortNames"]),
            isNamespaced: resource["scope"] === "Namespaced",
          },
        ];
      });
    });
  });
}

/** The same from the list of one group and version, as servers before Kubernetes 1.30 answer. */
export function readServedList(apiVersion: string, body: unknown): readonly ServedResource[] {
  return records(record(body)?.["resources"]).flatMap((resource): readonly ServedResource[] => {
    const plural = text(resource["name"]);
    if (plural === "" || plural.includes("/")) return [];
    return [
      {
        apiVersion,
        kind: text(resource["kind"]),
        plural,
        singular: text(resource["singularName"]),
        shortNames: texts(resource["shortNames"]),
        isNamespaced: resource["namespaced"] === true,
      },
    ];
  });
}
