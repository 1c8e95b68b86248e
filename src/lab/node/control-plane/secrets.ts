import type { SecretsBundle } from "../../../talos/pki/index.ts";
import type { ClusterFacts, KeyPair } from "../cluster-facts.ts";

/** The cluster's secrets as a control plane's config carries them; what only Talos itself needs stays empty. */
export function secretsOf(facts: ClusterFacts): SecretsBundle {
  return {
    cluster: { id: "", secret: "" },
    bootstrapToken: facts.bootstrapToken,
    trustdToken: "",
    encryption: { provider: "secretbox", secret: facts.secretboxSecret ?? "" },
    certs: {
      etcd: authority(facts.etcdCa, "etcd"),
      k8s: authority(facts.kubernetesCa, "Kubernetes"),
      k8sAggregator: authority(facts.aggregatorCa, "aggregator"),
      k8sServiceAccountKeyPem: facts.serviceAccountKey ?? "",
      os: { certificatePem: "", keyPem: "" },
    },
  };
}

function authority(pair: KeyPair | undefined, what: string) {
  if (pair?.key === undefined) throw new Error(`the machine config has no ${what} CA with its key`);
  return { certificatePem: pair.crt, keyPem: pair.key };
}
