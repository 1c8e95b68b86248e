import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:https";
import { type CertificateAndKey, issueAuthority, issueLeaf } from "../../../lib/x509/index.ts";

const PORT = 10_250;
const WHY =
  "this node is simulated: its pods are modelled and have no processes, so there are no logs to read and nothing to enter; " +
  "use a rack with the contained interior for that\n";

let shared: CertificateAndKey | undefined;

/**
 * Listens where the API server looks for a kubelet (logs, exec, port-forward) and says that a modelled machine has none of that.
 *
 * @returns a function that stops listening
 */
export async function serveKubelet(address: string): Promise<() => Promise<void>> {
  const { certificatePem, keyPem } = servingCertificate();
  const server = createServer({ cert: certificatePem, key: keyPem }, (asked, answer) => {
    const healthy = asked.url === "/healthz";
    answer.writeHead(healthy ? 200 : 501, { "content-type": "text/plain" });
    answer.end(healthy ? "ok" : WHY);
  });
  server.listen(PORT, address);
  await once(server, "listening");
  return () => close(server);
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** One for all machines of the process: kube-apiserver does not check it, as with Talos. */
function servingCertificate(): CertificateAndKey {
  if (shared !== undefined) return shared;
  const notBefore = new Date(Date.now() - 3_600_000);
  const notAfter = new Date(Date.now() + 365 * 86_400_000);
  const ports = { random: randomBytes };
  const authority = issueAuthority({ subject: { commonName: "kubelet-ca" }, key: "p256", notBefore, notAfter }, ports);
  shared = issueLeaf(
    authority,
    {
      subject: { commonName: "kubelet" },
      key: "p256",
      notBefore,
      notAfter,
      keyUsage: ["digitalSignature"],
      extendedKeyUsage: ["serverAuth"],
      dnsNames: ["kubelet"],
    },
    ports,
  );
  return shared;
}
