import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../../src/lib/clock.ts";
import { type CertificateAndKey, issueLeaf } from "../../../../src/lib/x509/index.ts";
import { connectNode, type NodeClient, type NodeIdentity, probeNode } from "../../../../src/talos/api/index.ts";
import {
  issueMaintenanceServer,
  issueTalosClient,
  mintSecrets,
  type SecretsBundle,
} from "../../../../src/talos/pki/index.ts";
import { clientOf, labConfig, labIdentity, labMachine, reaches } from "../../../support/lab/machine.ts";
import { testSecrets } from "../../../support/talos/secrets.ts";

const redact = (text: string) => text;
const signal = AbortSignal.timeout(60_000);
const ports = { clock: systemClock, random: randomBytes };
const HOUR_MS = 3_600_000;

const open: NodeClient[] = [];
afterEach(() => {
  for (const client of open.splice(0)) client.close();
});
const client = (port: number, identity: NodeIdentity): NodeClient => {
  const made = connectNode({ node: "cp-1", address: "127.0.0.1", port, identity });
  open.push(made);
  return made;
};

describe("connectNode(): who is at the other end", () => {
  const bare = labMachine({ name: "bare" });
  const node = labMachine({ name: "node" });
  let foreign: SecretsBundle;
  beforeAll(async () => {
    foreign = await mintSecrets(ports);
    await Promise.all([bare.start(), node.start()]);
    const setUp = clientOf(node, { kind: "maintenance" });
    await setUp.applyConfiguration({ config: labConfig(), redact }, { signal });
    setUp.close();
    await reaches(node, "booting");
    await expect(probeUntil(node.port, "configured")).resolves.toBeUndefined();
  });
  afterAll(() => Promise.all([bare.close(), node.close()]));

  const foreignAdmin = (): NodeIdentity => {
    const { certificatePem, keyPem } = issueTalosClient(foreign.certs.os, {}, ports);
    return { kind: "admin", ca: foreign.certs.os.certificatePem, crt: certificatePem, key: keyPem };
  };

  it.each([
    ["NODE_NOT_IN_MAINTENANCE", () => client(node.port, { kind: "maintenance" })],
    ["NODE_IN_MAINTENANCE", () => client(bare.port, labIdentity())],
    ["NODE_IN_OTHER_CLUSTER", () => client(node.port, foreignAdmin())],
    [
      "NODE_REFUSED_IDENTITY",
      () => client(node.port, { ...foreignAdmin(), kind: "admin", ca: labIdentity().ca } as NodeIdentity),
    ],
    ["NODE_FINGERPRINT_MISMATCH", () => client(bare.port, { kind: "maintenance", fingerprints: ["AAAA"] })],
    ["NODE_UNREACHABLE", () => client(1, labIdentity())],
  ] as const)("%s", async (code, make) => {
    await expect(make().version({ signal })).rejects.toMatchObject({ code, where: { node: "cp-1" } });
  });

  it("accepts the pinned fingerprint that a probe has seen", async () => {
    const sight = await probeNode({ node: "bare", address: "127.0.0.1", port: bare.port, signal });
    const fingerprints = sight.kind === "unreachable" ? [] : ["another", sight.fingerprint];

    expect(sight.kind).toBe("maintenance");
    expect(await client(bare.port, { kind: "maintenance", fingerprints }).version({ signal })).toMatchObject({
      tag: "v1.13.9",
    });
  });

  it("tells an address where nothing listens", async () => {
    expect(await probeNode({ node: "x", address: "127.0.0.1", port: 1, signal })).toMatchObject({
      kind: "unreachable",
    });
  });

  it("refuses a reader what only admins may, with the node's words", async () => {
    await expect(client(node.port, labIdentity("os:reader")).kubeconfig({ signal })).rejects.toMatchObject({
      code: "NODE_PERMISSION_DENIED",
      message: expect.stringContaining("not authorized"),
    });
  });

  it("goes straight to the node whatever proxy the laptop has set", async () => {
    const before = { ...process.env };
    for (const name of ["grpc_proxy", "https_proxy", "http_proxy"]) process.env[name] = "http://127.0.0.1:1";
    try {
      expect(await client(bare.port, { kind: "maintenance" }).version({ signal })).toMatchObject({ tag: "v1.13.9" });
    } finally {
      process.env = before;
    }
  });
});

describe("connectNode(): certificates that are right but not here and now", () => {
  const authority = testSecrets().certs.os;
  const leaf = (overrides: object): CertificateAndKey =>
    issueLeaf(
      authority,
      {
        subject: { commonName: "cp-1" },
        key: "ed25519",
        notBefore: new Date(Date.now() - HOUR_MS),
        notAfter: new Date(Date.now() + HOUR_MS),
        keyUsage: ["digitalSignature"],
        extendedKeyUsage: ["serverAuth"],
        ipAddresses: ["127.0.0.1"],
        ...overrides,
      },
      { random: randomBytes },
    );

  it.each([
    ["NODE_CERTIFICATE_NOT_NOW", { notAfter: new Date(Date.now() - HOUR_MS / 2) }],
    ["NODE_CERTIFICATE_ADDRESS", { ipAddresses: ["10.5.0.2"] }],
  ] as const)("%s", async (code, overrides) => {
    const { server, port } = await listening(leaf(overrides));

    await expect(client(port, labIdentity()).version({ signal })).rejects.toMatchObject({ code });
    server.close();
  });

  it("sends not one byte of a config to a node with another fingerprint", async () => {
    const shown = issueMaintenanceServer({ hostname: "x", addresses: ["127.0.0.1"] }, ports);
    const { server, port, bytes } = await listening(shown);
    const pinned = client(port, { kind: "maintenance", fingerprints: ["AAAA"] });

    await expect(pinned.applyConfiguration({ config: labConfig(), redact }, { signal })).rejects.toMatchObject({
      code: "NODE_FINGERPRINT_MISMATCH",
    });
    expect(bytes()).toBe(0);
    server.close();
  });
});

/** A TLS server that counts what comes through its connections. */
async function listening({
  certificatePem,
  keyPem,
}: CertificateAndKey): Promise<{ server: Server; port: number; bytes: () => number }> {
  let received = 0;
  const server = createServer({ cert: certificatePem, key: keyPem, ALPNProtocols: ["h2"] }, (socket) => {
    socket.on("data", (data) => {
      received += data.length;
    });
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, port: (server.address() as AddressInfo).port, bytes: () => received };
}

async function probeUntil(port: number, kind: string): Promise<void> {
  while ((await probeNode({ node: "node", address: "127.0.0.1", port, signal })).kind !== kind) signal.throwIfAborted();
}
