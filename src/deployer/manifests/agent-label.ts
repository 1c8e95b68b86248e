import { record } from "../../kube/index.ts";

type Json = Readonly<Record<string, unknown>>;

const ignore = { "zarf.dev/agent": "ignore" };

/** Where the agent looks for its label: on the Pods themselves, wherever a template of them lies. */
const templatePaths: Readonly<Record<string, readonly string[]>> = {
  "apps/Deployment": ["spec", "template"],
  "apps/ReplicaSet": ["spec", "template"],
  "apps/StatefulSet": ["spec", "template"],
  "apps/DaemonSet": ["spec", "template"],
  "batch/Job": ["spec", "template"],
  "batch/CronJob": ["spec", "jobTemplate", "spec", "template"],
  "/ReplicationController": ["spec", "template"],
};

/** Objects that the agent itself changes. @see https://docs.zarf.dev/ref/agent/ (Zarf v0.84.0) */
const changedKinds = new Set([
  "/Pod",
  "source.toolkit.fluxcd.io/GitRepository",
  "source.toolkit.fluxcd.io/HelmRepository",
  "source.toolkit.fluxcd.io/OCIRepository",
  "argoproj.io/Application",
  "argoproj.io/ApplicationSet",
  "argoproj.io/AppProject",
]);

/** The object, saying at the place where the agent looks that it is to be left alone. */
export function ignoredByAgent(object: Json): Json {
  const { apiVersion, kind } = object;
  if (typeof apiVersion !== "string" || typeof kind !== "string") return object;
  const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
  const path = templatePaths[`${group}/${kind}`];
  if (path !== undefined) return labelledAt(object, path);
  return changedKinds.has(`${group}/${kind}`) || isArgoRepository(group, kind, object)
    ? labelledAt(object, [])
    : object;
}

function isArgoRepository(group: string, kind: string, object: Json): boolean {
  const labels = record(record(object["metadata"])?.["labels"]);
  return group === "" && kind === "Secret" && labels?.["argocd.argoproj.io/secret-type"] === "repository";
}

function labelledAt(object: Json, path: readonly string[]): Json {
  const [key, ...rest] = path;
  if (key !== undefined) {
    const inner = record(object[key]);
    return inner === undefined ? object : { ...object, [key]: labelledAt(inner, rest) };
  }
  const metadata = record(object["metadata"]);
  return { ...object, metadata: { ...metadata, labels: { ...record(metadata?.["labels"]), ...ignore } } };
}
