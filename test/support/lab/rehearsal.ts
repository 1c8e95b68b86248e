import { randomBytes } from "node:crypto";
import { ensureImages, images } from "../../../parts/index.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { layoutStore, type Mirror, type MirrorRequest, startMirror } from "../../../src/oci/index.ts";
import { connectNode, type NodeClient, type NodeIdentity } from "../../../src/talos/api/index.ts";
import { contractFor, defaultInstaller, generateConfig, mirrorDocuments } from "../../../src/talos/config/index.ts";
import { issueTalosClient, mintSecrets, type SecretsBundle, type TalosRole } from "../../../src/talos/pki/index.ts";
import { type TestAuthority, testAuthority } from "../authority.ts";

type Identity = Extract<NodeIdentity, { readonly kind: "admin" }>;

/** The laptop of a rehearsal without the journeys: a mirror of the parts' images over TLS, and configs that name it. */
export interface Laptop {
  readonly mirror: Mirror;
  readonly requests: readonly MirrorRequest[];
  readonly secrets: SecretsBundle;
  /** Of the cluster's admin. */
  readonly identity: Identity;
  readonly identityOf: (role: TalosRole) => Identity;
  /** Of another cluster's admin. */
  readonly stranger: Identity;
  readonly config: (node: { readonly name: string; readonly role: "controlplane" | "worker" }) => string;
  readonly admin: (node: { readonly name: string; readonly address: string }) => NodeClient;
  readonly maintenance: (node: { readonly name: string; readonly address: string }) => NodeClient;
  readonly close: () => Promise<void>;
}

/** Of every modelled rack. */
const LAPTOP = "127.5.0.1";

/**
 * @param options.endpoint - of the rack: `127.0.4.5`
 * @param options.address - the laptop's own in the rack's network; default that of a modelled rack
 */
export async function startLaptop(options: {
  readonly endpoint: string;
  readonly address?: string;
  readonly signal: AbortSignal;
}): Promise<Laptop> {
  const { endpoint, address = LAPTOP, signal } = options;
  const { layoutFolder } = await ensureImages({ signal });
  const authority = testAuthority();
  const requests: MirrorRequest[] = [];
  const mirror = await startMirror({
    store: await layoutStore(layoutFolder),
    address,
    port: 0,
    tls: authority.server({ ipAddresses: [address] }),
    onRequest: (request) => requests.push(request),
    signal,
  });
  const ports = { clock: systemClock, random: randomBytes };
  const secrets = await mintSecrets(ports);
  const identityOf = (role: TalosRole, { certs } = secrets): Identity => {
    const { certificatePem, keyPem } = issueTalosClient(certs.os, { roles: [role] }, ports);
    return { kind: "admin", ca: certs.os.certificatePem, crt: certificatePem, key: keyPem };
  };
  const identity = identityOf("os:admin");
  return {
    mirror,
    requests,
    secrets,
    identity,
    identityOf,
    stranger: identityOf("os:admin", await mintSecrets(ports)),
    config: (node) => configOf(node, { endpoint, secrets, mirror, authority }),
    admin: ({ name, address }) => connectNode({ node: name, address, identity }),
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
