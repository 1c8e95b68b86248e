import { stringify } from "yaml";
import type { ClusterFacts } from "../cluster-facts.ts";
import type { Values } from "../read-values.ts";

/** The files that Talos renders for kube-apiserver from the machine config, by name. */
export function apiServerConfigs(facts: ClusterFacts): Readonly<Record<string, string>> {
  return {
    "admission-control-config.yaml": yaml({
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "AdmissionConfiguration",
      plugins: facts.admissionControl.map((plugin) => ({
        name: plugin["name"],
        path: "",
        configuration: plugin["configuration"],
      })),
    }),
    "auditpolicy.yaml": yaml(
      Object.keys(facts.auditPolicy).length > 0
        ? facts.auditPolicy
        : { apiVersion: "audit.k8s.io/v1", kind: "Policy", rules: [{ level: "Metadata" }] },
    ),
    "authorization-config.yaml": yaml({
      apiVersion: "apiserver.config.k8s.io/v1beta1",
      kind: "AuthorizationConfiguration",
      authorizers: [
        { name: "node", type: "Node" },
        { name: "rbac", type: "RBAC" },
      ],
    }),
  };
}

/** Encryption of Secrets at rest; the machine config's secret under the name that Talos gives it. */
export function encryptionConfig(facts: ClusterFacts): string {
  const secretbox =
    facts.secretboxSecret === undefined
      ? []
      : [{ secretbox: { keys: [{ name: "key2", secret: facts.secretboxSecret }] } }];
  return yaml({
    apiVersion: "v1",
    kind: "EncryptionConfig",
    resources: [{ resources: ["secrets"], providers: [...secretbox, { identity: {} }] }],
  });
}

export function schedulerConfig(kubeconfig: string): string {
  return yaml({
    apiVersion: "kubescheduler.config.k8s.io/v1",
    kind: "KubeSchedulerConfiguration",
    clientConnection: { kubeconfig },
  });
}

function yaml(value: Values): string {
  return stringify(value, { compat: "yaml-1.1" });
}
