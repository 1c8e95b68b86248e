import { type KubeObject, record, records } from "../../kube/index.ts";
import { canonicalJson, type JsonValue } from "../../lib/json.ts";
import { isDeployed, type RenderedComponent, type RenderedManifest } from "../manifests/render.ts";
import type { Package } from "../package/package.ts";
import { zarfJson } from "../package/zarf-json.ts";

type JsonObject = { readonly [key: string]: JsonValue | undefined };
export type ComponentStatus = "Deploying" | "Succeeded" | "Failed";

/** Where Zarf keeps what is deployed. */
export const recordNamespace = "zarf";
export const recordName = (packageName: string): string => `zarf-package-${packageName}`;

/** Services that ask to be reachable by name through `zarf connect`. */
function connectStrings(manifest: RenderedManifest): JsonObject {
  const services = manifest.objects.filter(({ kind, apiVersion }) => kind === "Service" && apiVersion === "v1");
  return Object.fromEntries(
    services.flatMap(({ metadata: { labels, annotations } }) => {
      const name = labels?.["zarf.dev/connect-name"];
      if (name === undefined) return [];
      const description = annotations?.["zarf.dev/connect-description"] ?? "";
      return [[name, { description, url: annotations?.["zarf.dev/connect-url"] ?? "" }]];
    }),
  );
}

function componentRecord(
  component: RenderedComponent,
  status: ComponentStatus,
  observedGeneration: number,
): JsonObject {
  // A chart is recorded once it is there.
  const installed = status === "Succeeded" ? component.manifests : [];
  return {
    name: component.name,
    installedCharts: installed.map((manifest) => {
      const connect = connectStrings(manifest);
      return {
        namespace: manifest.namespace,
        chartName: manifest.release,
        ...(Object.keys(connect).length === 0 ? {} : { connectStrings: connect }),
        status,
      };
    }),
    status,
    observedGeneration,
  };
}

/** What an earlier deployment recorded; undefined where there is none or it cannot be read (then it is written anew). */
export function readRecord(secret: KubeObject | undefined): JsonObject | undefined {
  const base64 = record(secret?.["data"])?.["data"];
  if (typeof base64 !== "string") return undefined;
  try {
    return record(JSON.parse(Buffer.from(base64, "base64").toString("utf8"))) as JsonObject | undefined;
  } catch {
    return undefined;
  }
}

const generationOf = (value: JsonObject | undefined): number =>
  typeof value?.["generation"] === "number" ? value["generation"] : 0;

/**
 * The record of a deployment as Zarf writes it. The generation rises by one for every component, as Zarf's does.
 *
 * @param before - the record it follows
 * @param statuses - of the components that it has come to, in the order of `components`
 */
export function deploymentRecord(
  pkg: Package,
  components: readonly RenderedComponent[],
  options: { readonly before: JsonObject | undefined; readonly statuses: readonly ComponentStatus[] },
): JsonObject {
  const base = generationOf(options.before);
  const reached = components.slice(0, options.statuses.length);
  const deployed = reached.map((component, index) =>
    componentRecord(component, options.statuses[index] ?? "Deploying", base + index + 1),
  );
  const connect = Object.fromEntries(
    reached.flatMap(({ manifests }) => manifests.flatMap((manifest) => Object.entries(connectStrings(manifest)))),
  );
  const selected = { ...pkg.definition, components: pkg.definition.components.filter(isDeployed) };
  return {
    name: pkg.name,
    digest: pkg.digest,
    data: zarfJson(selected, { files: "stored" }),
    cliVersion: "skerry",
    generation: base + reached.length,
    deployedComponents: deployed,
    ...(Object.keys(connect).length === 0 ? {} : { connectStrings: connect }),
    // Images keep their upstream names: nothing was pushed to the registry of Zarf's state, which "airgap" would claim.
    packageConnectivity: "connected",
  };
}

/** Whether two records say the same but for how often it was deployed. */
export function isSameRecord(a: JsonObject | undefined, b: JsonObject): boolean {
  const timeless = (value: JsonObject) =>
    canonicalJson({
      ...value,
      generation: 0,
      deployedComponents: records(value["deployedComponents"]).map((component) => ({
        ...component,
        observedGeneration: 0,
      })) as unknown as JsonValue,
    });
  return a !== undefined && timeless(a) === timeless(b);
}

/** The Secret that holds a record. */
export function recordSecret(pkg: Package, value: JsonObject): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: "Opaque",
    metadata: {
      name: recordName(pkg.name),
      namespace: recordNamespace,
      labels: { "app.kubernetes.io/managed-by": "zarf", "package-deploy-info": pkg.name },
    },
    data: { data: Buffer.from(JSON.stringify(value)).toString("base64") },
  };
}
