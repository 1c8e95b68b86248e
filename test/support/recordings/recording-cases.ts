import type { Cluster, KubeObject } from "../../../src/kube/index.ts";

/** A recording that our program repeats, with what was there besides the cluster. */
export interface RecordingCase {
  /** `deploy-connected/files`: a file below test/fixtures/zarf/expected/public */
  readonly name: string;
  /** Paths in the folder of the run that are there before the first step, with what the recording says they hold. */
  readonly inputs?: readonly string[];
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

const actionInputs = { inputs: ["actions-file.txt", "sub"] };

/** In a cluster without Zarf's state. The first one finds no namespace `zarf`. */
export const withoutState: readonly RecordingCase[] = [
  { name: "deploy-uninitialised/manifests-images" },
  { name: "deploy-uninitialised/signed" },
  { name: "deploy-signature/namespaced" },
  connected("manifests-images"),
  connected("actions", actionInputs),
  connected("actions-cluster"),
  connected("differential-amd64-1.0.0"),
  connected("files"),
  connected("health"),
  connected("helm-local"),
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
  initialised("actions", actionInputs),
  initialised("builtins"),
  initialised("conflict", { before: meddleWithConflict }),
  initialised("data-injection"),
  initialised("differential-amd64-1.0.0"),
  initialised("files"),
  initialised("helm-local"),
  initialised("image-archive"),
  initialised("kustomize"),
  initialised("namespaced"),
  initialised("remote-charts"),
  initialised("repos"),
  initialised("rollback"),
  initialised("sbom"),
  initialised("upgrade-1.0.0"),
  initialised("v1beta1"),
  initialised("values-docs-import"),
  initialised("yolo"),
  { name: "deploy-initialised-connected/manifests-images" },
  { name: "deploy-initialised-first-install-fails/rollback" },
];

function meddleWithConflict(cluster: Cluster): Readonly<Record<string, () => Promise<void>>> {
  const call = { signal: AbortSignal.timeout(10_000) };
  const taken = (data: Readonly<Record<string, string>>): KubeObject => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "taken", namespace: "conflict-ns" },
    data,
  });
  return {
    "an object of that name exists": async () => {
      const by = { ...call, fieldManager: "kubectl-create" };
      await cluster.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "conflict-ns" } }, by);
      await cluster.create(taken({ own: "mine", v: "0" }), by);
    },
    "another field manager changed the object, then an upgrade": async () => {
      await cluster.apply(taken({ v: "theirs" }), { ...call, fieldManager: "someone", force: true });
    },
  };
}
