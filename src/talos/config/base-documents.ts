import type { CertificateAndKey } from "../../lib/x509/index.ts";
import { toBase64Pem } from "../pki/base64-pem.ts";
import type { ConfigInput } from "./config-input.ts";
import { kubeletImage } from "./releases.ts";

export type ConfigDocument = Readonly<Record<string, unknown>>;

const KUBE_PRISM_PORT = 7445;
const DEFAULT_POD_SUBNETS = ["10.244.0.0/16"];
const DEFAULT_SERVICE_SUBNETS = ["10.96.0.0/12"];

/**
 * The documents that `talosctl gen config --with-cluster-discovery=false` writes for these inputs, in its order of keys. Held
 * against Talos' own generator by test/contract/talos-config.
 */
export function baseDocuments(input: ConfigInput): readonly ConfigDocument[] {
  return [
    {
      version: "v1alpha1",
      debug: false,
      persist: true,
      machine: machineSection(input),
      cluster: clusterSection(input),
    },
    { apiVersion: "v1alpha1", kind: "HostnameConfig", auto: "stable" },
  ];
}

function machineSection({
  contract,
  role,
  secrets,
  install,
  certSANs,
  kubernetesVersion,
}: ConfigInput): ConfigDocument {
  const isControlPlane = role === "controlplane";
  return {
    type: role,
    token: secrets.trustdToken,
    ca: authority(secrets.certs.os, isControlPlane),
    certSANs: certSANs ?? [],
    kubelet: {
      image: kubeletImage(kubernetesVersion),
      defaultRuntimeSeccompProfileEnabled: true,
      disableManifestsDirectory: true,
    },
    ...(contract.writesEmptyMachineNetwork ? { network: {} } : {}),
    install: {
      ...("disk" in install ? { disk: install.disk } : { diskSelector: install.diskSelector }),
      image: install.image,
      wipe: false,
      grubUseUKICmdline: true,
    },
    features: {
      diskQuotaSupport: true,
      kubePrism: { enabled: true, port: KUBE_PRISM_PORT },
      hostDNS: { enabled: true, forwardKubeDNSToHost: true },
    },
    ...(isControlPlane ? { nodeLabels: { "node.kubernetes.io/exclude-from-external-load-balancers": "" } } : {}),
  };
}

function clusterSection(input: ConfigInput): ConfigDocument {
  const { role, secrets, clusterName, endpoint } = input;
  const isControlPlane = role === "controlplane";
  return {
    id: secrets.cluster.id,
    secret: secrets.cluster.secret,
    controlPlane: { endpoint },
    clusterName,
    network: {
      ...(input.cni === "none" ? { cni: { name: "none" } } : {}),
      dnsDomain: input.dnsDomain ?? "cluster.local",
      podSubnets: input.podSubnets ?? DEFAULT_POD_SUBNETS,
      serviceSubnets: input.serviceSubnets ?? DEFAULT_SERVICE_SUBNETS,
    },
    token: secrets.bootstrapToken,
    ...(isControlPlane ? { [`${secrets.encryption.provider}EncryptionSecret`]: secrets.encryption.secret } : {}),
    ca: authority(secrets.certs.k8s, isControlPlane),
    ...(isControlPlane ? controlPlaneParts(input) : {}),
    // The discovery service is public, and discovery through Kubernetes is off by Talos' own default.
    discovery: { enabled: false, registries: { kubernetes: { disabled: true }, service: {} } },
    ...(isControlPlane ? { etcd: { ca: authority(secrets.certs.etcd, true) } } : {}),
  };
}

function controlPlaneParts({ secrets, kubernetesVersion, certSANs }: ConfigInput): ConfigDocument {
  const image = (component: string): string => `registry.k8s.io/kube-${component}:${kubernetesVersion}`;
  return {
    aggregatorCA: authority(secrets.certs.k8sAggregator, true),
    serviceAccount: { key: toBase64Pem(secrets.certs.k8sServiceAccountKeyPem) },
    apiServer: {
      image: image("apiserver"),
      // Unlike the machine's list this one is left out when empty.
      ...(certSANs === undefined || certSANs.length === 0 ? {} : { certSANs }),
      admissionControl: [{ name: "PodSecurity", configuration: POD_SECURITY }],
      auditPolicy: { apiVersion: "audit.k8s.io/v1", kind: "Policy", rules: [{ level: "Metadata" }] },
    },
    controllerManager: { image: image("controller-manager") },
    proxy: { image: image("proxy") },
    scheduler: { image: image("scheduler") },
  };
}

const POD_SECURITY = {
  apiVersion: "pod-security.admission.config.k8s.io/v1alpha1",
  defaults: {
    audit: "restricted",
    "audit-version": "latest",
    enforce: "baseline",
    "enforce-version": "latest",
    warn: "restricted",
    "warn-version": "latest",
  },
  exemptions: { namespaces: ["kube-system"], runtimeClasses: [], usernames: [] },
  kind: "PodSecurityConfiguration",
};

/** Workers get an authority's certificate with an empty key, which is how Talos writes it. */
function authority({ certificatePem, keyPem }: CertificateAndKey, withKey: boolean): ConfigDocument {
  return { crt: toBase64Pem(certificatePem), key: withKey ? toBase64Pem(keyPem) : "" };
}
