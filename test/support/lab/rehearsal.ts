import { randomBytes } from "node:crypto";
import { ensureImages, images } from "../../../parts/index.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { layoutStore, type Mirror, type MirrorRequest, startMirror } from "../../../src/oci/index.ts";
import { connectNode, type NodeClient, type NodeIdentity } from "../../../src/talos/api/index.ts";
import { contractFor, defaultInstaller, generateConfig, mirrorDocuments } from "../../../src/talos/config/index.ts";
import { issueTalosClient, mintSecrets, type SecretsBundle } from "../../../src/talos/pki/index.ts";
import { type TestAuthority, testAuthority } from "../authority.ts";

/** The laptop of a rehearsal without the journeys: a mirror of the parts' images over TLS, and configs that name it. */
export interface Laptop {
  readonly mirror: Mirror;
  readonly requests: readonly MirrorRequest[];
  readonly secrets: SecretsBundle;
  readonly config: (node: { readonly name: string; readonly role: "controlplane" | "worker" }) => string;
  readonly admin: (node: { readonly name: string; readonly address: string }) => NodeClient;
  readonly maintenance: (node: { readonly name: string; readonly address: string }) => NodeClient;
  readonly close: () => Promise<void>;
}

const LAPTOP = "127.5.0.1";

/** @param options.endpoint - of the rack: `127.0.4.5` */
export async function startLaptop(options: {
  readonly endpoint: string;
  readonly signal: AbortSignal;
}): Promise<Laptop> {
  const { endpoint, signal } = options;
  const { layoutFolder } = await ensureImages({ signal });
  const authority = testAuthority();
  const requests: MirrorRequest[] = [];
  const mirror = await startMirror({
    store: await layoutStore(layoutFolder),
    address: LAPTOP,
    port: 0,
    tls: authority.server({ ipAddresses: [LAPTOP] }),
    onRequest: (request) => requests.push(request),
    signal,
  });
  const ports = { clock: systemClock, random: randomBytes };
  const secrets = await mintSecrets(ports);
  const client = issueTalosClient(secrets.certs.os, {}, ports);
  const admin: NodeIdentity = {
    kind: "admin",
    ca: secrets.certs.os.certificatePem,
    crt: client.certificatePem,
    key: client.keyPem,
  };
  return {
    mirror,
    requests,
    secrets,
    config: (node) => configOf(node, { endpoint, secrets, mirror, authority }),
    admin: ({ name, address }) => connectNode({ node: name, address, identity: admin }),
    maintenance: ({ name, address }) => connectNode({ node: name, address, identity: { kind: "maintenance" } }),
    close: () => mirror.close(),
  };
}

function configOf(
  node: { readonly name: string; readonly role: "controlplane" | "worker" },
  laptop: {
    readonly endpoint: string;
    readonly secrets: SecretsBundle;
    readonly mirror: Mirror;
    readonly authority: TestAuthority;
  },
): string {
  const contract = contractFor("v1.13.9");
  const config = generateConfig({
    contract,
    role: node.role,
    secrets: laptop.secrets,
    clusterName: "rehearsal",
    endpoint: `https://${laptop.endpoint}:6443`,
    kubernetesVersion: "v1.36.3",
    install: { image: defaultInstaller("v1.13.9"), disk: "/dev/sda" },
    hostname: node.name,
    nameservers: [],
    timeServers: [],
  });
  const registries = [...new Set(images.map(({ reference }) => reference.slice(0, reference.indexOf("/"))))];
  const mirrors = mirrorDocuments({
    registries,
    mirrorUrl: laptop.mirror.url,
    caPem: laptop.authority.ca,
    contract,
  });
  return `${config.trimEnd()}\n---\n${mirrors}`;
}
