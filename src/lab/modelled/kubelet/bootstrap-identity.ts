import { randomBytes, X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { connectCluster } from "../../../kube/index.ts";
import type { Clock } from "../../../lib/clock.ts";
import { writeWhole } from "../../node/disk.ts";
import { at, list, text } from "../../node/read-values.ts";
import { newCertificateRequest } from "./certificate-request.ts";

/** PEM */
export interface KubeletIdentity {
  readonly cert: string;
  readonly key: string;
}

export interface BootstrapOptions {
  /** `pki/kubelet-client-current.pem` on the EPHEMERAL partition: certificate and key. */
  readonly file: string;
  readonly nodeName: string;
  readonly server: string;
  /** PEM of the cluster's CA. */
  readonly ca: string;
  readonly token: string;
  readonly clock: Clock;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

const RETRY_MS = 1000;
const POLL_MS = 300;

/**
 * The kubelet's client certificate: the one it has, else one that it asks the cluster for with the bootstrap token, which
 * kube-controller-manager approves and signs. Tries until the API server answers.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/
 */
export async function kubeletIdentity(options: BootstrapOptions): Promise<KubeletIdentity> {
  const kept = readIdentity(options);
  if (kept !== undefined) return kept;
  for (let told = ""; ; ) {
    try {
      return await bootstrap(options);
    } catch (error) {
      options.signal.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== told) options.log(`failed to bootstrap with the token: ${reason}`);
      told = reason;
      await options.clock.sleep(RETRY_MS, { signal: options.signal });
    }
  }
}

async function bootstrap(options: BootstrapOptions): Promise<KubeletIdentity> {
  const { signal, clock, nodeName } = options;
  const { requestPem, keyPem } = newCertificateRequest(nodeName);
  const cluster = connectCluster(
    { server: options.server, ca: options.ca, token: options.token },
    { timeoutMs: 10_000 },
  );
  try {
    const ref = {
      apiVersion: "certificates.k8s.io/v1",
      kind: "CertificateSigningRequest",
      name: `node-csr-${randomBytes(16).toString("hex")}`,
    };
    await cluster.create(
      {
        apiVersion: ref.apiVersion,
        kind: ref.kind,
        metadata: { name: ref.name },
        spec: {
          request: Buffer.from(requestPem).toString("base64"),
          signerName: "kubernetes.io/kube-apiserver-client-kubelet",
          usages: ["digital signature", "client auth"],
        },
      },
      { signal },
    );
    for (;;) {
      const status = at(await cluster.get(ref, { signal }), "status");
      const refused = list(at(status, "conditions")).find((item) =>
        ["Denied", "Failed"].includes(String(at(item, "type"))),
      );
      if (refused !== undefined) throw new Error(`certificate request refused: ${text(at(refused, "message")) ?? ""}`);
      const encoded = text(at(status, "certificate"));
      if (encoded !== undefined) {
        const cert = Buffer.from(encoded, "base64").toString();
        writeWhole(options.file, `${cert}${keyPem}`);
        options.log("client certificate signed");
        return { cert, key: keyPem };
      }
      await clock.sleep(POLL_MS, { signal });
    }
  } finally {
    await cluster.close();
  }
}

/** What was kept, unless it is of another cluster or has run out. */
function readIdentity({ file, ca, clock }: BootstrapOptions): KubeletIdentity | undefined {
  if (!existsSync(file)) return undefined;
  const content = readFileSync(file, "utf8");
  const split = content.lastIndexOf("-----BEGIN EC PRIVATE KEY-----");
  const cert = content.slice(0, split);
  const parsed = new X509Certificate(cert);
  const issued = parsed.verify(new X509Certificate(ca).publicKey);
  return issued && parsed.validToDate > clock.now() ? { cert, key: content.slice(split) } : undefined;
}
