import type { CertificateAndKey } from "../../lib/x509/index.ts";
import { emitTalosYaml } from "../emit-yaml.ts";
import { toBase64Pem } from "./base64-pem.ts";
import type { SecretsBundle } from "./secrets-bundle.ts";

/**
 * The text of secrets.yaml, byte for byte as talosctl writes it. Must go to a file of mode 0600 and nowhere else.
 */
export function writeSecrets(bundle: SecretsBundle): string {
  const { cluster, encryption, certs } = bundle;
  return emitTalosYaml({
    cluster: { id: cluster.id, secret: cluster.secret },
    secrets: { bootstraptoken: bundle.bootstrapToken, [`${encryption.provider}encryptionsecret`]: encryption.secret },
    trustdinfo: { token: bundle.trustdToken },
    certs: {
      etcd: pair(certs.etcd),
      k8s: pair(certs.k8s),
      k8saggregator: pair(certs.k8sAggregator),
      k8sserviceaccount: { key: toBase64Pem(certs.k8sServiceAccountKeyPem) },
      os: pair(certs.os),
    },
  });
}

function pair({ certificatePem, keyPem }: CertificateAndKey): { readonly crt: string; readonly key: string } {
  return { crt: toBase64Pem(certificatePem), key: toBase64Pem(keyPem) };
}
