import { X509Certificate } from "node:crypto";
import { z } from "zod";
import type { Problem } from "../../lib/errors/index.ts";
import { type CertificateAndKey, readPrivateKey } from "../../lib/x509/index.ts";
import { documentInvalid, parseYamlDocument, type YamlPath } from "../../lib/yaml/index.ts";
import { fromBase64Pem } from "./base64-pem.ts";
import type { SecretsBundle } from "./secrets-bundle.ts";

const text = z.string().min(1, "is empty");
const pair = z.object({ crt: text, key: text });

/** As talosctl writes it; like Talos' own loader it lets unknown keys pass. */
const secretsFile = z.object({
  cluster: z.object({ id: text, secret: text }),
  secrets: z.object({
    bootstraptoken: text,
    secretboxencryptionsecret: z.string().optional(),
    aescbcencryptionsecret: z.string().optional(),
  }),
  trustdinfo: z.object({ token: text }),
  certs: z.object({
    etcd: pair,
    k8s: pair,
    k8saggregator: pair,
    k8sserviceaccount: z.object({ key: text }),
    os: pair,
  }),
});

/**
 * Reads a secrets.yaml and proves that it can be used: every certificate parses, is an authority and fits its key. Talos checks
 * less, and a node that was given a broken authority closes its API for good.
 *
 * @param options.file - the path as the operator gave it, for places in messages
 * @throws OperatorError DOCUMENT_INVALID with every finding as file:line:column; no value is ever repeated
 */
export function readSecrets(yamlText: string, { file }: { readonly file: string }): SecretsBundle {
  const { value, where } = parseYamlDocument(yamlText, { file, schema: secretsFile });
  const problems: Problem[] = [];
  const report = (path: YamlPath, message: string): undefined => {
    problems.push({ message: `${path.join(".")}: ${message}`, where: { file: where(path) } });
    return undefined;
  };
  const authority = (name: "etcd" | "k8s" | "k8saggregator" | "os"): CertificateAndKey | undefined =>
    readAuthority(value.certs[name], ["certs", name], report);
  const certs = {
    etcd: authority("etcd"),
    k8s: authority("k8s"),
    k8sAggregator: authority("k8saggregator"),
    k8sServiceAccountKeyPem: readKey(value.certs.k8sserviceaccount.key, ["certs", "k8sserviceaccount", "key"], report),
    os: authority("os"),
  };
  const encryption = readEncryption(value.secrets, report);
  if (!isComplete(certs) || encryption === undefined) throw documentInvalid(file, problems);
  return {
    cluster: { id: value.cluster.id, secret: value.cluster.secret },
    bootstrapToken: value.secrets.bootstraptoken,
    trustdToken: value.trustdinfo.token,
    encryption,
    certs,
  };
}

type Report = (path: YamlPath, message: string) => undefined;

function readEncryption(
  secrets: z.infer<typeof secretsFile>["secrets"],
  report: Report,
): SecretsBundle["encryption"] | undefined {
  const secretbox = secrets.secretboxencryptionsecret ?? "";
  const aescbc = secrets.aescbcencryptionsecret ?? "";
  if (secretbox !== "" && aescbc !== "") {
    return report(["secrets"], "only one of secretboxencryptionsecret and aescbcencryptionsecret is allowed");
  }
  if (secretbox !== "") return { provider: "secretbox", secret: secretbox };
  if (aescbc !== "") return { provider: "aescbc", secret: aescbc };
  return report(["secrets"], "one of secretboxencryptionsecret and aescbcencryptionsecret is required");
}

function readAuthority(
  { crt, key }: z.infer<typeof pair>,
  path: YamlPath,
  report: Report,
): CertificateAndKey | undefined {
  const certificatePem = fromBase64Pem(crt);
  const certificate = certificatePem === undefined ? undefined : tryTo(() => new X509Certificate(certificatePem));
  const keyPem = readKey(key, [...path, "key"], report);
  if (certificatePem === undefined || certificate === undefined) {
    return report([...path, "crt"], "is not base64 of a PEM certificate");
  }
  if (!certificate.ca) return report([...path, "crt"], "is not a certificate authority");
  if (keyPem === undefined) return undefined;
  if (!certificate.checkPrivateKey(readPrivateKey(keyPem))) {
    return report([...path, "key"], "does not belong to the certificate beside it");
  }
  return { certificatePem, keyPem };
}

function readKey(base64: string, path: YamlPath, report: Report): string | undefined {
  const keyPem = fromBase64Pem(base64);
  const isKey = keyPem !== undefined && tryTo(() => readPrivateKey(keyPem)) !== undefined;
  return isKey ? keyPem : report(path, "is not base64 of a PEM private key");
}

function tryTo<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // whatever node:crypto says, the finding is the same: this is not what it should be
  }
}

type Complete<T> = { readonly [Key in keyof T]: NonNullable<T[Key]> };

function isComplete<T extends object>(parts: T): parts is T & Complete<T> {
  return Object.values(parts).every((part) => part !== undefined);
}
