import { record, records } from "../../kube/index.ts";
import { canonicalJson, type JsonValue } from "../../lib/json.ts";

type Json = { readonly [key: string]: JsonValue | undefined };

/** A Service that asks to be reachable by name through `zarf connect`. */
export interface ConnectString {
  readonly description: string;
  readonly url: string;
}
export type ConnectStrings = Readonly<Record<string, ConnectString>>;

export type ComponentStatus = "Deploying" | "Succeeded" | "Failed" | "Removing";

export interface InstalledChart {
  readonly namespace: string;
  /** Of the release, not of its chart. */
  readonly chartName: string;
  readonly connectStrings: ConnectStrings;
  readonly status: "Succeeded" | "Failed";
}

export interface DeployedComponent {
  readonly name: string;
  readonly installedCharts: readonly InstalledChart[];
  readonly status: ComponentStatus;
  readonly observedGeneration: number;
}

/** What is remembered of a deployed package: the JSON of the Secret `zarf-package-<name>`, as Zarf reads and writes it. */
export interface PackageRecord {
  readonly name: string;
  readonly digest: string;
  /** The definition in v1alpha1, as Zarf puts it into JSON, with the deployed components only. */
  readonly data: Json;
  readonly cliVersion: string;
  /** Rises by one for every component that is deployed. */
  readonly generation: number;
  readonly deployedComponents: readonly DeployedComponent[];
  readonly packageConnectivity: "airgap" | "connected";
  /** Empty: none. */
  readonly namespaceOverride: string;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const whole = (value: unknown): number => (typeof value === "number" && Number.isSafeInteger(value) ? value : 0);
const statuses = new Set<unknown>(["Deploying", "Succeeded", "Failed", "Removing"]);

/** Reads a record that any tool has written; undefined for what is none. What it does not say is empty. */
export function parsePackageRecord(json: string): PackageRecord | undefined {
  const value = parseJson(json);
  const name = text(value?.["name"]);
  if (value === undefined || name === "") return undefined;
  return {
    name,
    digest: text(value["digest"]),
    data: (record(value["data"]) ?? {}) as Json,
    cliVersion: text(value["cliVersion"]),
    generation: whole(value["generation"]),
    deployedComponents: records(value["deployedComponents"]).map(componentOf),
    packageConnectivity: value["packageConnectivity"] === "connected" ? "connected" : "airgap",
    namespaceOverride: text(value["namespaceOverride"]),
  };
}

function parseJson(json: string) {
  try {
    return record(JSON.parse(json));
  } catch {
    return undefined;
  }
}

function componentOf(value: Readonly<Record<string, unknown>>): DeployedComponent {
  const status = value["status"];
  return {
    name: text(value["name"]),
    installedCharts: records(value["installedCharts"]).map((chart) => ({
      namespace: text(chart["namespace"]),
      chartName: text(chart["chartName"]),
      connectStrings: connectStringsOf(chart["connectStrings"]),
      status: chart["status"] === "Failed" ? "Failed" : "Succeeded",
    })),
    // Records of older versions say nothing of a component that was deployed.
    status: statuses.has(status) ? (status as ComponentStatus) : "Succeeded",
    observedGeneration: whole(value["observedGeneration"]),
  };
}

function connectStringsOf(value: unknown): ConnectStrings {
  return Object.fromEntries(
    Object.entries(record(value) ?? {}).map(([name, entry]) => {
      const said = record(entry);
      return [name, { description: text(said?.["description"]), url: text(said?.["url"]) }];
    }),
  );
}

/** The record's JSON, keys in Zarf's order, empty ones left out where Zarf leaves them out. */
export function packageRecordJson(of: PackageRecord): Json {
  const connect = Object.assign(
    {},
    ...of.deployedComponents.flatMap(({ installedCharts }) => installedCharts.map((chart) => chart.connectStrings)),
  ) as ConnectStrings;
  return {
    name: of.name,
    digest: of.digest,
    data: of.data,
    cliVersion: of.cliVersion,
    generation: of.generation,
    deployedComponents: of.deployedComponents.map((component) => ({
      name: component.name,
      installedCharts: component.installedCharts.map(chartJson),
      status: component.status,
      observedGeneration: component.observedGeneration,
    })),
    ...connectJson(connect),
    packageConnectivity: of.packageConnectivity,
    ...(of.namespaceOverride === "" ? {} : { namespaceOverride: of.namespaceOverride }),
  };
}

function chartJson(chart: InstalledChart): Json {
  const { namespace, chartName, connectStrings, status } = chart;
  return { namespace, chartName, ...connectJson(connectStrings), status };
}

function connectJson(connect: ConnectStrings): Json {
  if (Object.keys(connect).length === 0) return {};
  return {
    connectStrings: Object.fromEntries(
      Object.entries(connect).map(([name, { description, url }]) => [name, { description, url }]),
    ),
  };
}

/** Whether two records say the same, but for how often the package was deployed. */
export function isSameRecord(a: PackageRecord | undefined, b: PackageRecord): boolean {
  return a !== undefined && timeless(a) === timeless(b);
}

function timeless(of: PackageRecord): string {
  const deployedComponents = of.deployedComponents.map((component) => ({
    ...component,
    observedGeneration: 0,
    // Zarf keeps them in no order.
    installedCharts: component.installedCharts.map((chart) => canonicalJson(chartJson(chart))).sort(),
  }));
  return canonicalJson({ ...of, generation: 0, deployedComponents });
}
