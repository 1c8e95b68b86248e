import type { CertificateAndKey } from "../../lib/x509/index.ts";

/**
 * All secrets of one cluster: what `talosctl gen secrets` writes to secrets.yaml. PEM texts are kept exactly as they are in the
 * file (Ed25519 keys with Talos' label), so that reading and writing gives the same bytes.
 *
 * @see https://www.talos.dev/v1.13/reference/cli/#talosctl-gen-secrets
 */
export interface SecretsBundle {
  readonly cluster: {
    /** 32 bytes in URL-safe base64 */
    readonly id: string;
    /** 32 bytes in base64 */
    readonly secret: string;
  };
  /** kubeadm form, `[0-9a-z]{6}.[0-9a-z]{16}` */
  readonly bootstrapToken: string;
  readonly trustdToken: string;
  readonly encryption: {
    /** aescbc only in clusters made before Talos 1.3 */
    readonly provider: "secretbox" | "aescbc";
    /** 32 bytes in base64 */
    readonly secret: string;
  };
  readonly certs: {
    readonly etcd: CertificateAndKey;
    readonly k8s: CertificateAndKey;
    readonly k8sAggregator: CertificateAndKey;
    readonly k8sServiceAccountKeyPem: string;
    /** The Talos API's authority. */
    readonly os: CertificateAndKey;
  };
}
