import { type CertificateAndKey, type CertificateSubject, issueLeaf } from "../../lib/x509/index.ts";
import { emitTalosYaml } from "../emit-yaml.ts";
import { toBase64Pem } from "./base64-pem.ts";
import { backdated, years } from "./lifetimes.ts";
import type { MintPorts } from "./mint-secrets.ts";

export interface KubeconfigInput {
  readonly clusterName: string;
  /** URL of the API server, `https://10.5.0.100:6443` */
  readonly server: string;
  /** The cluster's Kubernetes authority. */
  readonly authority: CertificateAndKey;
}

/**
 * An administrator's kubeconfig, minted offline and equal in kind to what a node answers to Kubeconfig: user `admin@NAME`,
 * group `system:masters`, a year. It begins an hour ago, for API servers whose clock is behind.
 */
export function writeAdminKubeconfig(input: KubeconfigInput, ports: MintPorts): string {
  const client = issueKubernetesClient(
    input.authority,
    { organizations: ["system:masters"], commonName: "admin" },
    ports,
  );
  const name = `admin@${input.clusterName}`;
  return writeKubeconfig({ ...input, client, user: name, context: name });
}

/** A client certificate by the Kubernetes authority, in the profile of Talos' own: P-256, a year, client authentication. */
export function issueKubernetesClient(
  authority: CertificateAndKey,
  subject: CertificateSubject,
  { clock, random }: MintPorts,
): CertificateAndKey {
  const now = clock.now();
  return issueLeaf(
    authority,
    {
      subject,
      key: "p256",
      notBefore: backdated(now),
      notAfter: years(now, 1),
      keyUsage: ["digitalSignature", "keyEncipherment"],
      extendedKeyUsage: ["clientAuth"],
    },
    { random },
  );
}

/** A kubeconfig with one cluster, one user and one context. Must go to a file of mode 0600. */
export function writeKubeconfig(
  input: KubeconfigInput & { readonly client: CertificateAndKey; readonly user: string; readonly context: string },
): string {
  const { clusterName, server, authority, client, user, context } = input;
  return emitTalosYaml({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: clusterName,
        cluster: { server, "certificate-authority-data": toBase64Pem(authority.certificatePem) },
      },
    ],
    users: [
      {
        name: user,
        user: {
          "client-certificate-data": toBase64Pem(client.certificatePem),
          "client-key-data": toBase64Pem(client.keyPem),
        },
      },
    ],
    contexts: [{ context: { cluster: clusterName, namespace: "default", user }, name: context }],
    "current-context": context,
  });
}
