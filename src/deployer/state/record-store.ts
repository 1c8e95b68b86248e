import { type Cluster, type KubeObject, record } from "../../kube/index.ts";
import { isOperatorError } from "../../lib/errors/index.ts";
import { stateNamespace } from "./cluster-state.ts";
import { type PackageRecord, packageRecordJson, parsePackageRecord } from "./package-record.ts";

interface Call {
  readonly signal: AbortSignal;
}

const packageLabel = "package-deploy-info";
const inputsAnnotation = "skerry.dev/unfinished-inputs";

/** A record with what is kept beside it. */
export interface StoredRecord {
  readonly value: PackageRecord;
  /** Of an unfinished deployment: what it was given, as a digest. */
  readonly unfinishedInputs?: string;
}

/** Name of the Secret that holds the record, and of the lease beside it. */
export function recordName(packageName: string, namespaceOverride = ""): string {
  return `zarf-package-${packageName}${namespaceOverride === "" ? "" : `-override-${namespaceOverride}`}`;
}

const nameOf = ({ name, namespaceOverride }: Pick<PackageRecord, "name" | "namespaceOverride">) =>
  recordName(name, namespaceOverride);
const refOfRecord = (name: string) => ({ apiVersion: "v1", kind: "Secret", namespace: stateNamespace, name });

/** What is recorded of a package; undefined where nothing is, or nothing that can be read. */
export async function readPackageRecord(
  cluster: Pick<Cluster, "get">,
  of: { readonly name: string; readonly namespaceOverride?: string },
  call: Call,
): Promise<StoredRecord | undefined> {
  try {
    return storedIn(await cluster.get(refOfRecord(recordName(of.name, of.namespaceOverride)), call));
  } catch (error) {
    if (isOperatorError(error, "KUBE_NOT_FOUND")) return undefined;
    throw error;
  }
}

function storedIn(secret: KubeObject): StoredRecord | undefined {
  const base64 = record(secret["data"])?.["data"];
  const value =
    typeof base64 === "string" ? parsePackageRecord(Buffer.from(base64, "base64").toString("utf8")) : undefined;
  const inputs = secret.metadata.annotations?.[inputsAnnotation];
  return value === undefined ? undefined : { value, ...(inputs === undefined ? {} : { unfinishedInputs: inputs }) };
}

/** Every package that is recorded in the cluster, by name. What cannot be read is left out. */
export async function listPackageRecords(cluster: Pick<Cluster, "list">, call: Call): Promise<readonly StoredRecord[]> {
  const selection = { apiVersion: "v1", kind: "Secret", namespace: stateNamespace, labelSelector: packageLabel };
  const { items } = await cluster.list(selection, call);
  const found = items.flatMap((secret) => storedIn(secret) ?? []);
  return found.sort((a, b) => (nameOf(a.value) < nameOf(b.value) ? -1 : 1));
}

/** Writes a record whole: it is shared with Zarf, and whoever deploys last says how it is. Safe to repeat. */
export async function writePackageRecord(
  cluster: Pick<Cluster, "apply">,
  stored: StoredRecord,
  call: Call,
): Promise<void> {
  const { value, unfinishedInputs } = stored;
  const secret: KubeObject = {
    apiVersion: "v1",
    kind: "Secret",
    type: "Opaque",
    metadata: {
      name: nameOf(value),
      namespace: stateNamespace,
      labels: { "app.kubernetes.io/managed-by": "zarf", [packageLabel]: value.name },
      ...(unfinishedInputs === undefined ? {} : { annotations: { [inputsAnnotation]: unfinishedInputs } }),
    },
    data: { data: Buffer.from(JSON.stringify(packageRecordJson(value))).toString("base64") },
  };
  await cluster.apply(secret, { ...call, force: true, fieldManager: "zarf" });
}

/** Forgets a package. Safe to repeat. */
export async function deletePackageRecord(
  cluster: Pick<Cluster, "delete">,
  of: Pick<PackageRecord, "name" | "namespaceOverride">,
  call: Call,
): Promise<void> {
  await cluster.delete(refOfRecord(nameOf(of)), call);
}
