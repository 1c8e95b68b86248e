import { beforeAll, describe, expect, it } from "vitest";
import { documentsToYaml, generateBase } from "../../../src/talos/config/generate.ts";
import { contractFor, generateConfig, mirrorDocuments, type NodeConfigInput } from "../../../src/talos/config/index.ts";
import { differences, keyOrder, values } from "../../support/talos/compare.ts";
import { nodeInput } from "../../support/talos/node-config.ts";
import { askPeer, type PeerAnswer } from "../../support/talos/peer.ts";
import { testSecretsYaml } from "../../support/talos/secrets.ts";

interface Case extends Partial<NodeConfigInput> {
  readonly title: string;
}

const image = "ghcr.io/siderolabs/installer:v1.13.9";
const variations: readonly Case[] = [
  { title: "defaults" },
  { title: "named endpoint", endpoint: "https://api.windpark.internal:6443" },
  { title: "IPv6 endpoint", endpoint: "https://[fd00::100]:6443" },
  { title: "other port", endpoint: "https://10.5.0.100:8443" },
  { title: "SANs", certSANs: ["10.5.0.100", "api.windpark.internal", "fd00::100"] },
  { title: "oldest Kubernetes of both", kubernetesVersion: "v1.31.14" },
  { title: "Kubernetes pre-release", kubernetesVersion: "v1.35.0-rc.1" },
  { title: "no CNI", cni: "none" },
  { title: "subnets", podSubnets: ["10.32.0.0/12"], serviceSubnets: ["10.200.0.0/16"] },
  {
    title: "two families",
    podSubnets: ["10.244.0.0/16", "fd00:10::/56"],
    serviceSubnets: ["10.96.0.0/12", "fd00:20::/112"],
  },
  { title: "DNS domain", dnsDomain: "windpark.internal" },
  { title: "NVMe disk", install: { image, disk: "/dev/nvme0n1" } },
  {
    title: "disk by id",
    install: { image: "factory.talos.dev/metal-installer/abc:v1.13.9", disk: "/dev/disk/by-id/wwn-0x5" },
  },
  { title: "name that looks like a number", clusterName: "007" },
  { title: "name that looks like a boolean", clusterName: "yes", dnsDomain: "off" },
];
const contracts = ["v1.12.11", "v1.13.9"];
const roles = ["controlplane", "worker"] as const;

const table = contracts.flatMap((version) =>
  roles.flatMap((role) =>
    variations.map(({ title, ...overrides }) => ({
      title: `${version} ${role}: ${title}`,
      version,
      input: nodeInput({ kubernetesVersion: "v1.35.4", ...overrides, role, contract: contractFor(version) }),
    })),
  ),
);

function peerRequest(input: NodeConfigInput): object {
  return {
    secrets: testSecretsYaml,
    contract: input.contract.name,
    role: input.role,
    clusterName: input.clusterName,
    endpoint: input.endpoint,
    kubernetesVersion: input.kubernetesVersion.slice(1),
    installDisk: "disk" in input.install ? input.install.disk : "",
    installImage: input.install.image,
    certSANs: input.certSANs ?? [],
    dnsDomain: input.dnsDomain ?? "",
    podSubnets: input.podSubnets ?? null,
    serviceSubnets: input.serviceSubnets ?? null,
    cni: input.cni === "none" ? "none" : "",
    discovery: false,
  };
}

describe("generateBase() beside Talos' own generator", () => {
  let answers: readonly PeerAnswer[];
  beforeAll(async () => {
    answers = await askPeer(
      "gen",
      table.map(({ input }) => peerRequest(input)),
    );
  });

  it.each(table.map((row, index) => ({ ...row, index })))("$title", ({ input, index }) => {
    const ours = documentsToYaml(generateBase(input));

    const theirs = answers[index];
    expect(theirs?.error).toBeUndefined();
    expect(differences(values(ours), values(theirs?.yaml))).toEqual([]);
    // The order of keys too: a person who knows talosctl's files finds their way.
    expect(keyOrder(values(ours))).toEqual(keyOrder(values(theirs?.yaml)));
  });
});

const full: readonly { readonly title: string; readonly input: NodeConfigInput }[] = [
  { title: "control plane, nothing at the site", input: nodeInput() },
  { title: "worker", input: nodeInput({ role: "worker", hostname: "w-1" }) },
  {
    title: "site's own servers",
    input: nodeInput({ nameservers: ["10.5.0.1"], timeServers: ["10.5.0.1"], bootTimeout: "1m30s" }),
  },
  {
    title: "disk selector",
    input: nodeInput({ install: { image, diskSelector: { type: "nvme", size: ">= 200GB", serial: "S6B0NX0T" } } }),
  },
  {
    title: "link with address and VIP",
    input: nodeInput({
      link: { mac: "52:54:00:AB:cd:01", address: "10.5.0.2/24", gateway: "10.5.0.1", vip: "10.5.0.100" },
    }),
  },
  {
    title: "worker's link",
    input: nodeInput({ role: "worker", link: { mac: "52:54:00:ab:cd:02", address: "10.5.0.5/24", vip: "10.5.0.100" } }),
  },
  { title: "link by DHCP with VIP", input: nodeInput({ link: { mac: "52:54:00:ab:cd:03", vip: "fd00::100" } }) },
  ...contracts.map((version) => ({
    title: `contract ${version}`,
    input: nodeInput({ contract: contractFor(version), kubernetesVersion: "v1.35.4" }),
  })),
  { title: "contract v1.14", input: nodeInput({ contract: contractFor("v1.14.0-rc.1") }) },
];

describe("generateConfig() and mirrorDocuments() before Talos' own loader and validator", () => {
  const mirrors = mirrorDocuments({
    registries: ["registry.k8s.io", "docker.io", "ghcr.io", "registry.site.internal:5000"],
    mirrorUrl: "https://10.5.0.1:5443",
    caPem: nodeInput().secrets.certs.k8s.certificatePem,
    contract: nodeInput().contract,
  });
  let answers: readonly PeerAnswer[];
  beforeAll(async () => {
    answers = await askPeer(
      "validate",
      full.map(({ input }) => ({ config: `${generateConfig(input)}---\n${mirrors}` })),
    );
  });

  it.each(full.map((row, index) => ({ ...row, index })))("$title is read strictly and accepted", ({ index }) => {
    expect(answers[index]).toMatchObject({ invalid: "", warnings: [] });
    expect(answers[index]?.error).toBeUndefined();
  });

  it("says the same to Talos' YAML reader as to ours", () => {
    for (const [index, { input }] of full.entries()) {
      const ours = byIdentity(`${generateConfig(input)}---\n${mirrors}`);
      expect(differences(ours, byIdentity(answers[index]?.yaml))).toEqual([]);
    }
  });

  it("writes the mirrors as Talos' generator does, given paths and no fallback", async () => {
    const registries = { "*": ["https://10.5.0.1:5443"], "docker.io": ["https://10.5.0.1:5443/v2/docker.io"] };
    const caPem = nodeInput().secrets.certs.k8s.certificatePem;
    const [theirs] = await askPeer("gen", [
      { ...peerRequest(nodeInput()), mirrors: registries, registryCAs: { "10.5.0.1:5443": caPem } },
    ]);

    const ours = values(
      mirrorDocuments({
        registries: ["docker.io"],
        mirrorUrl: "https://10.5.0.1:5443",
        caPem,
        contract: nodeInput().contract,
      }),
    );

    const generated = values(theirs?.yaml).filter((document) => /Registry/.test(String(kindOf(document))));
    const bare = ours.map((document) => withoutAirGap(document));
    expect(bare).toEqual(generated);
  });

  it("writes machine.registries where the contract wants it, and Talos accepts that too", async () => {
    const input = nodeInput();
    const old = mirrorDocuments({
      registries: ["docker.io"],
      mirrorUrl: "https://10.5.0.1:443",
      caPem: input.secrets.certs.k8s.certificatePem,
      contract: { writesRegistriesAsDocuments: false },
    });

    const [patched] = await askPeer("patch", [{ config: generateConfig(input), patches: [old] }]);
    const [judged] = await askPeer("validate", [{ config: patched?.yaml }]);

    expect(judged).toMatchObject({ invalid: "" });
    expect(values(patched?.yaml)[0]).toMatchObject({
      machine: {
        registries: {
          mirrors: {
            "*": { endpoints: ["https://10.5.0.1:443"], skipFallback: true },
            "docker.io": { endpoints: ["https://10.5.0.1:443/v2/docker.io"], overridePath: true, skipFallback: true },
          },
          config: { "10.5.0.1:443": { tls: { ca: expect.stringMatching(/^LS0t/) } } },
        },
      },
    });
  });
});

const byIdentity = (yaml: string | undefined): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    values(yaml).map((document) => [`${kindOf(document)}/${(document as { readonly name?: string }).name}`, document]),
  );

const kindOf = (document: unknown): unknown => (document as { readonly kind?: unknown }).kind;

/** A mirror document without what Talos' generator has no option for. */
function withoutAirGap(document: unknown): unknown {
  const { skipFallback: _, ...rest } = document as {
    readonly skipFallback?: boolean;
    readonly endpoints?: readonly object[];
  };
  if (rest.endpoints === undefined) return rest;
  return { ...rest, endpoints: rest.endpoints.map((endpoint) => ({ url: (endpoint as { url: string }).url })) };
}
