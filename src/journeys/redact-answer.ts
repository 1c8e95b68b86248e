import { redactSecrets } from "../lib/errors/index.ts";
import type { SiteKeys } from "./site-keys.ts";

/**
 * Takes the site's secrets out of what a node says, which may be a diff of whole configs: each known secret by its value, then
 * whatever else looks like one.
 */
export function redactAnswer(keys: SiteKeys): (text: string) => string {
  const { cluster, bootstrapToken, trustdToken, encryption, certs } = keys.talos;
  const pems = [
    certs.etcd.keyPem,
    certs.k8s.keyPem,
    certs.k8sAggregator.keyPem,
    certs.k8sServiceAccountKeyPem,
    certs.os.keyPem,
  ];
  const known = [
    cluster.secret,
    bootstrapToken,
    trustdToken,
    encryption.secret,
    ...pems.flatMap((pem) => [pem, Buffer.from(pem).toString("base64")]),
  ];
  return (text) => redactSecrets(known.reduce((rest, secret) => rest.replaceAll(secret, "REDACTED"), text));
}
