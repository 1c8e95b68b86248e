import { execFile } from "node:child_process";
import { randomBytes, X509Certificate } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { CertificateAndKey } from "../../../../src/lib/x509/index.ts";
import {
  issueApiServer,
  issueEtcd,
  issueKubeletClient,
  issueMaintenanceServer,
  issueNodeServer,
  issueTalosClient,
  writeAdminKubeconfig,
  writeComponentKubeconfig,
} from "../../../../src/talos/pki/index.ts";
import { testSecrets } from "../../../support/talos/secrets.ts";

const run = promisify(execFile);
const now = new Date("2026-06-01T12:00:00Z");
const ports = { clock: { now: () => now }, random: randomBytes };
const secrets = testSecrets();
const node = { hostname: "tcp1", addresses: ["10.5.0.2"] };
const SERVER = "1.3.6.1.5.5.7.3.1";
const CLIENT = "1.3.6.1.5.5.7.3.2";
const YEAR_MS = 8760 * 3_600_000;

const etcd = issueEtcd(secrets, node, ports);
const api = issueApiServer(
  secrets,
  {
    ...node,
    endpointHost: "10.5.0.100",
    certSANs: ["api.internal"],
    serviceSubnets: ["10.96.0.0/12", "fd00:20::/112"],
  },
  ports,
);
const maintenance = issueMaintenanceServer(node, ports);

interface Profile {
  readonly name: string;
  readonly issued: CertificateAndKey;
  readonly by: string;
  readonly subject: string;
  readonly usages: readonly string[];
  readonly names?: string;
  readonly lifetimeMs: number;
  /** OpenSSL's strict mode refuses an issuer without a name, which Talos' front proxy authority is. */
  readonly isStrict?: false;
}

/** As read from a real control plane of Talos 1.13.9. */
const profiles: readonly Profile[] = [
  {
    name: "etcd server",
    issued: etcd.server,
    by: secrets.certs.etcd.certificatePem,
    subject: "CN=tcp1",
    usages: [SERVER, CLIENT],
    lifetimeMs: 10 * YEAR_MS,
    names: "DNS:tcp1, DNS:localhost, IP Address:10.5.0.2, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
  },
  {
    name: "etcd peer",
    issued: etcd.peer,
    by: secrets.certs.etcd.certificatePem,
    subject: "CN=tcp1",
    usages: [SERVER, CLIENT],
    lifetimeMs: 10 * YEAR_MS,
    names: "DNS:tcp1, IP Address:10.5.0.2",
  },
  {
    name: "etcd admin",
    issued: etcd.admin,
    by: secrets.certs.etcd.certificatePem,
    subject: "CN=talos",
    usages: [CLIENT],
    lifetimeMs: 10 * YEAR_MS,
  },
  {
    name: "kube-apiserver",
    issued: api.serving,
    by: secrets.certs.k8s.certificatePem,
    subject: "O=kube-master\nCN=kube-apiserver",
    usages: [SERVER],
    lifetimeMs: YEAR_MS,
    names:
      "DNS:kubernetes, DNS:kubernetes.default, DNS:kubernetes.default.svc, DNS:kubernetes.default.svc.cluster.local, DNS:localhost, DNS:tcp1, DNS:api.internal, IP Address:10.5.0.100, IP Address:10.5.0.2, IP Address:10.96.0.1, IP Address:FD00:20:0:0:0:0:0:1, IP Address:127.0.0.1",
  },
  {
    name: "kube-apiserver to etcd",
    issued: api.etcdClient,
    by: secrets.certs.etcd.certificatePem,
    subject: "CN=kube-apiserver",
    usages: [CLIENT],
    lifetimeMs: 10 * YEAR_MS,
  },
  {
    name: "kube-apiserver to kubelet",
    issued: api.kubeletClient,
    by: secrets.certs.k8s.certificatePem,
    subject: "O=system:masters\nCN=apiserver-kubelet-client",
    usages: [CLIENT],
    lifetimeMs: YEAR_MS,
  },
  {
    name: "front proxy client",
    issued: api.frontProxyClient,
    by: secrets.certs.k8sAggregator.certificatePem,
    subject: "CN=front-proxy-client",
    usages: [CLIENT],
    lifetimeMs: YEAR_MS,
    isStrict: false,
  },
  {
    name: "kubelet",
    issued: issueKubeletClient(secrets.certs.k8s, "w-1", ports),
    by: secrets.certs.k8s.certificatePem,
    subject: "O=system:nodes\nCN=system:node:w-1",
    usages: [CLIENT],
    lifetimeMs: YEAR_MS,
  },
  {
    name: "Talos client",
    issued: issueTalosClient(secrets.certs.os, { roles: ["os:reader", "os:admin"] }, ports),
    by: secrets.certs.os.certificatePem,
    subject: "O=os:admin\nO=os:reader",
    usages: [CLIENT],
    lifetimeMs: YEAR_MS,
  },
  {
    name: "node server",
    issued: issueNodeServer(
      secrets.certs.os,
      { hostname: "cp-1.site.internal", addresses: ["10.5.0.2"], certSANs: ["10.5.0.100", "api.internal"] },
      ports,
    ),
    by: secrets.certs.os.certificatePem,
    subject: "CN=cp-1.site.internal",
    usages: [SERVER],
    lifetimeMs: 24 * 3_600_000,
    names:
      "DNS:cp-1.site.internal, DNS:cp-1, DNS:api.internal, IP Address:10.5.0.100, IP Address:10.5.0.2, IP Address:127.0.0.1",
  },
  {
    name: "maintenance server",
    issued: maintenance,
    by: maintenance.authorityPem,
    subject: "CN=maintenance-service.talos.dev",
    usages: [SERVER],
    lifetimeMs: 24 * 3_600_000,
    names: "DNS:tcp1, IP Address:10.5.0.2, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
    isStrict: false,
  },
];

describe("certificates of a cluster", () => {
  it.each(profiles)("$name has Talos' profile", ({ issued, by, subject, usages, names, lifetimeMs }) => {
    const certificate = new X509Certificate(issued.certificatePem);

    expect(certificate.subject).toBe(subject);
    expect(certificate.keyUsage).toEqual(usages);
    expect(certificate.subjectAltName).toBe(names);
    expect(certificate.ca).toBe(false);
    expect(certificate.checkIssued(new X509Certificate(by))).toBe(true);
    expect(certificate.verify(new X509Certificate(by).publicKey)).toBe(true);
    expect(certificate.validToDate.getTime() - now.getTime()).toBe(lifetimeMs);
    // An hour of room for clocks that are behind.
    expect(now.getTime() - certificate.validFromDate.getTime()).toBe(3_600_000);
  });

  it.each(profiles)("$name passes openssl verify", async ({ issued, by, usages, isStrict }) => {
    const folder = await mkdtemp(join(tmpdir(), "skerry-pki-"));
    try {
      await writeFile(join(folder, "ca.pem"), by);
      await writeFile(join(folder, "leaf.pem"), issued.certificatePem);
      const purpose = usages.includes(SERVER) ? "sslserver" : "sslclient";
      const strict = isStrict === false ? [] : ["-x509_strict"];

      const { stdout } = await run(
        "openssl",
        [
          "verify",
          ...strict,
          "-attime",
          String(now.getTime() / 1000),
          "-purpose",
          purpose,
          "-CAfile",
          "ca.pem",
          "leaf.pem",
        ],
        { cwd: folder },
      );

      expect(stdout).toBe("leaf.pem: OK\n");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("give Ed25519 keys of the Talos API the label that Talos writes", () => {
    const { keyPem } = issueTalosClient(secrets.certs.os, {}, ports);

    expect(keyPem).toMatch(/^-----BEGIN ED25519 PRIVATE KEY-----\n[^-]+\n-----END ED25519 PRIVATE KEY-----\n$/);
  });
});

describe("kubeconfigs", () => {
  const input = { clusterName: "windpark-7", server: "https://10.5.0.100:6443", authority: secrets.certs.k8s };
  const read = (yaml: string) =>
    parse(yaml) as { users: [{ name: string; user: Record<string, string> }]; "current-context": string };

  it("name the administrator as Talos does", () => {
    const kubeconfig = read(writeAdminKubeconfig(input, ports));
    const pem = Buffer.from(kubeconfig.users[0].user["client-certificate-data"] ?? "", "base64").toString();

    expect(kubeconfig["current-context"]).toBe("admin@windpark-7");
    expect(kubeconfig.users[0].name).toBe("admin@windpark-7");
    expect(new X509Certificate(pem).subject).toBe("O=system:masters\nCN=admin");
  });

  it("name a component as user and group", () => {
    const kubeconfig = read(writeComponentKubeconfig("kube-scheduler", input, ports));
    const pem = Buffer.from(kubeconfig.users[0].user["client-certificate-data"] ?? "", "base64").toString();

    expect(kubeconfig["current-context"]).toBe("default@windpark-7");
    expect(new X509Certificate(pem).subject).toBe("O=system:kube-scheduler\nCN=system:kube-scheduler");
  });
});
