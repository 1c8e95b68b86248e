import type { Cluster, KubeObject } from "../../../src/kube/index.ts";

/** A recording that our program repeats, with what was there besides the cluster. */
export interface RecordingCase {
  /** `deploy-connected/files`: a file below test/fixtures/zarf/expected/public */
  readonly name: string;
  /** Paths in the folder of the run that are there before the first step, with what the recording says they hold. */
  readonly inputs?: readonly string[];
  /** Files of the folder that the recording does not list, by name. */
  readonly given?: Readonly<Record<string, string>>;
  /** What actions change between two deployments gives the second one something to do: no revision is idle. */
  readonly hasNoIdleRevisions?: true;
  /** Its images were in the registry before, so the recording lists none. */
  readonly hasImagesThere?: true;
  /** Whether what a version dropped is taken away; default true. */
  readonly prunes?: false;
  /** Nobody deployed anything before: there is no namespace `zarf`. */
  readonly isFirst?: true;
  /** Its actions wait for the registry of the machine that it was recorded on, whose address the package has. */
  readonly waitsForRegistry?: true;
  /** What somebody else did before a step, by its label. */
  readonly before?: (cluster: Cluster) => Readonly<Record<string, () => Promise<void>>>;
}

const connected = (set: string, more: Omit<RecordingCase, "name"> = {}): RecordingCase => ({
  name: `deploy-connected/${set}`,
  ...more,
});
const initialised = (set: string, more: Omit<RecordingCase, "name"> = {}): RecordingCase => ({
  name: `deploy-initialised/${set}`,
  ...more,
});

const actionWorld = { inputs: ["actions-file.txt", "sub"], waitsForRegistry: true } as const;

const fileVariable = { "from-file.txt": "text from a file\nsecond line" };

/** In a cluster without Zarf's state. */
export const withoutState: readonly RecordingCase[] = [
  connected("manifests-images", { isFirst: true }),
  { name: "deploy-uninitialised/manifests-images" },
  { name: "deploy-uninitialised/signed" },
  { name: "deploy-signature/namespaced" },
  connected("actions", actionWorld),
  connected("actions-cluster", { hasNoIdleRevisions: true }),
  connected("differential-amd64-1.0.0"),
  connected("files"),
  connected("health"),
  connected("helm-local", { given: fileVariable }),
  connected("image-archive"),
  connected("kustomize"),
  connected("namespaced"),
  connected("remote-charts"),
  connected("repos"),
  connected("sbom"),
  connected("selection-amd64-1.0.0"),
  connected("selection-mint"),
  connected("selection-vanilla"),
  connected("signed"),
  connected("split"),
  connected("uncompressed"),
  connected("v1beta1"),
  connected("values-docs-import", { inputs: ["my.yaml"] }),
  connected("values-scan"),
  connected("variables", {
    inputs: ["in", "in/binary.bin", "in/empty.txt", "in/lines.txt", "in/nested.txt", "in/text.txt"],
  }),
  connected("yolo"),
];

/** In a cluster with the state of `zarf init` for an external registry and Git server. */
export const withState: readonly RecordingCase[] = [
  initialised("manifests-images"),
  initialised("actions", actionWorld),
  initialised("builtins"),
  initialised("conflict", { before: meddleWithConflict }),
  initialised("data-injection", { hasImagesThere: true }),
  initialised("differential-amd64-1.0.0"),
  initialised("files"),
  initialised("helm-local", { given: fileVariable }),
  initialised("image-archive"),
  initialised("kustomize"),
  initialised("namespaced"),
  initialised("remote-charts"),
  initialised("repos"),
  initialised("rollback"),
  initialised("sbom"),
  initialised("upgrade-1.0.0"),
  initialised("upgrade-1.0.0", { prunes: false }),
  initialised("v1beta1"),
  initialised("values-docs-import"),
  initialised("yolo"),
  { name: "deploy-initialised-connected/manifests-images" },
  { name: "deploy-initialised-first-install-fails/rollback" },
];

function meddleWithConflict(cluster: Cluster): Readonly<Record<string, () => Promise<void>>> {
  const taken = (data: Readonly<Record<string, string>>): KubeObject => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "taken", namespace: "conflict-ns" },
    data,
  });
  return {
    "an object of that name exists": async () => {
      const by = { signal: AbortSignal.timeout(10_000), fieldManager: "kubectl-create" };
      await cluster.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "conflict-ns" } }, by);
      await cluster.create(taken({ own: "mine", v: "0" }), by);
    },
    "another field manager changed the object, then an upgrade": async () => {
      const by = { signal: AbortSignal.timeout(10_000), fieldManager: "someone" };
      const ref = { apiVersion: "v1", kind: "ConfigMap", name: "taken", namespace: "conflict-ns" };
      await cluster.patch(ref, { data: { v: "theirs" } }, { ...by, type: "merge" });
    },
  };
}
