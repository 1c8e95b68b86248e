import { execFile } from "node:child_process";
import { createHash, randomBytes, X509Certificate } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer, type Server } from "node:tls";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type CertificateAndKey,
  type CertificateTemplate,
  issueAuthority,
  issueLeaf,
  type KeyAlgorithm,
} from "../../../../src/lib/x509/index.ts";

const run = promisify(execFile);
const notBefore = new Date(Date.now() - 60_000);
const notAfter = new Date(Date.now() + 3_600_000);

const authorityFor = (key: KeyAlgorithm, random: (size: number) => Uint8Array = randomBytes): CertificateAndKey =>
  issueAuthority(
    { subject: { organizations: ["site"] }, notBefore, notAfter, key, extendedKeyUsage: ["serverAuth", "clientAuth"] },
    { random },
  );

const leafTemplate = (key: KeyAlgorithm): CertificateTemplate => ({
  subject: { organizations: ["os:admin", "os:reader"], commonName: "cp-1 größe" },
  notBefore,
  notAfter,
  key,
  keyUsage: ["digitalSignature"],
  extendedKeyUsage: ["serverAuth", "clientAuth"],
  dnsNames: ["cp-1", "cp-1.site.internal"],
  ipAddresses: ["10.5.0.2", "127.0.0.1", "fd00::2"],
});

/** A deterministic stand-in for randomness: hashes of a counter. */
const counted = (): ((size: number) => Uint8Array) => {
  let calls = 0;
  return (size) => createHash("sha512").update(`call ${calls++}`).digest().subarray(0, size);
};

describe("issueAuthority(), issueLeaf()", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "skerry-x509-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it.each(["ed25519", "p256"] as const)("pass openssl verify -x509_strict with %s", async (key) => {
    const authority = authorityFor(key);
    const leaf = issueLeaf(authority, leafTemplate(key), { random: randomBytes });
    await writeFile(join(folder, "ca.pem"), authority.certificatePem);
    await writeFile(join(folder, "leaf.pem"), leaf.certificatePem);
    const verify = ["verify", "-x509_strict", "-check_ss_sig", "-CAfile", "ca.pem"];

    const forServer = await run("openssl", [...verify, "-purpose", "sslserver", "leaf.pem"], { cwd: folder });
    const forClient = await run("openssl", [...verify, "-purpose", "sslclient", "leaf.pem"], { cwd: folder });

    expect([forServer.stdout, forClient.stdout]).toEqual(["leaf.pem: OK\n", "leaf.pem: OK\n"]);
  });

  it("mix: a P-256 authority signs an Ed25519 leaf that Node accepts", () => {
    const authority = authorityFor("p256");

    const leaf = new X509Certificate(
      issueLeaf(authority, leafTemplate("ed25519"), { random: randomBytes }).certificatePem,
    );

    expect(leaf.verify(new X509Certificate(authority.certificatePem).publicKey)).toBe(true);
    expect(leaf.checkIssued(new X509Certificate(authority.certificatePem))).toBe(true);
  });

  it("write subject, names, usages and dates as asked", () => {
    const authority = authorityFor("ed25519");

    const leaf = new X509Certificate(
      issueLeaf(authority, leafTemplate("ed25519"), { random: randomBytes }).certificatePem,
    );

    expect(leaf.subject).toBe("O=os:admin\nO=os:reader\nCN=cp-1 größe");
    expect(leaf.issuer).toBe("O=site");
    expect(leaf.subjectAltName).toBe(
      "DNS:cp-1, DNS:cp-1.site.internal, IP Address:10.5.0.2, IP Address:127.0.0.1, IP Address:FD00:0:0:0:0:0:0:2",
    );
    expect(leaf.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    expect(leaf.ca).toBe(false);
    expect(leaf.validToDate.getTime()).toBe(Math.floor(notAfter.getTime() / 1000) * 1000);
    expect(leaf.validFromDate.getTime()).toBe(Math.floor(notBefore.getTime() / 1000) * 1000);
  });

  it("sign with an authority whose subject is empty", () => {
    const template = { subject: {}, notBefore, notAfter, key: "p256" } as const;
    const authority = issueAuthority(template, { random: randomBytes });

    const leaf = issueLeaf(authority, leafTemplate("p256"), { random: randomBytes });

    const parsed = new X509Certificate(leaf.certificatePem);
    expect(parsed.checkIssued(new X509Certificate(authority.certificatePem))).toBe(true);
    expect(parsed.issuer ?? "").toBe("");
  });

  it("take serial and key identifier from the random source", () => {
    const first = new X509Certificate(authorityFor("ed25519", counted()).certificatePem);
    const again = new X509Certificate(authorityFor("ed25519", counted()).certificatePem);

    expect(first.serialNumber).toBe(again.serialNumber);
    expect(first.serialNumber).not.toBe(new X509Certificate(authorityFor("ed25519").certificatePem).serialNumber);
  });

  it.each([
    { bytes: "00".repeat(16), serial: "0" },
    { bytes: `0000${"7f".repeat(14)}`, serial: "7F".repeat(14) },
    { bytes: "ff".repeat(16), serial: "FF".repeat(16) },
  ])("write serial $bytes as a positive minimal integer", ({ bytes, serial }) => {
    const fixed = (size: number) => Buffer.from(bytes, "hex").subarray(0, size);
    const template = { subject: { commonName: "x" }, notBefore, notAfter, key: "ed25519" } as const;

    const authority = issueAuthority(template, { random: (size) => (size === 16 ? fixed(16) : randomBytes(size)) });

    expect(new X509Certificate(authority.certificatePem).serialNumber).toBe(serial);
  });

  it.each(["ed25519", "p256"] as const)("make a mutual TLS 1.3 handshake with %s", async (key) => {
    const authority = authorityFor(key);
    const leaf = issueLeaf(authority, leafTemplate(key), { random: randomBytes });
    const tls = { ca: authority.certificatePem, cert: leaf.certificatePem, key: leaf.keyPem } as const;
    const server = createServer(
      { ...tls, requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.3" },
      (socket) => {
        socket.on("error", () => undefined);
        socket.end(JSON.stringify({ authorized: socket.authorized, protocol: socket.getProtocol() }));
      },
    );
    const port = await listening(server);

    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect({ ...tls, host: "127.0.0.1", port, minVersion: "TLSv1.3" });
      let text = "";
      socket.on("data", (chunk) => (text += chunk.toString()));
      socket.on("end", () => resolve(text));
      socket.on("error", reject);
    });
    await new Promise((resolve) => server.close(resolve));

    expect(JSON.parse(answer)).toEqual({ authorized: true, protocol: "TLSv1.3" });
  });
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
