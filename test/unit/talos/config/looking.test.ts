import { describe, expect, it } from "vitest";
import {
  applyPatches,
  diffConfigs,
  generateConfig,
  imagesOf,
  mirrorDocuments,
  publicNamesIn,
  redactConfig,
} from "../../../../src/talos/config/index.ts";
import { nodeInput } from "../../../support/talos/node-config.ts";

const mirrors = mirrorDocuments({
  registries: ["docker.io", "registry.k8s.io", "ghcr.io"],
  mirrorUrl: "https://10.5.0.1:5443",
  caPem: "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n",
  contract: nodeInput().contract,
});
const whole = (overrides: Parameters<typeof nodeInput>[0] = {}): string =>
  `${generateConfig(nodeInput(overrides))}---\n${mirrors}`;
const patched = (text: string, config = whole()): string => applyPatches(config, [{ file: "p.yaml", text }]);

describe("publicNamesIn()", () => {
  it.each(["controlplane", "worker"] as const)("finds nothing in a rendered %s", (role) => {
    expect(publicNamesIn(whole({ role }))).toEqual([]);
    expect(
      publicNamesIn(whole({ role, nameservers: ["10.5.0.1"], timeServers: ["ntp.site.internal", "10.5.0.1"] })),
    ).toEqual([]);
    expect(
      publicNamesIn(whole({ role, link: { mac: "52:54:00:00:00:01", address: "10.5.0.2/24", gateway: "10.5.0.1" } })),
    ).toEqual([]);
  });

  it.each<[string, string, string]>([
    [
      "time server",
      "apiVersion: v1alpha1\nkind: TimeSyncConfig\nenabled: true\nntp: {servers: [pool.ntp.org]}",
      "pool.ntp.org",
    ],
    ["default time server", "apiVersion: v1alpha1\nkind: TimeSyncConfig\nenabled: true", "time.cloudflare.com"],
    ["name server", "apiVersion: v1alpha1\nkind: ResolverConfig\nnameservers: [{address: 8.8.8.8}]", "8.8.8.8"],
    [
      "IPv6 name server",
      'apiVersion: v1alpha1\nkind: ResolverConfig\nnameservers: [{address: "2001:4860:4860::8888"}]',
      "2001:4860:4860::8888",
    ],
    ["default name server", "apiVersion: v1alpha1\nkind: ResolverConfig\n$patch: delete", "1.1.1.1"],
    ["discovery", "cluster: {discovery: {enabled: true}}", "discovery.talos.dev"],
    [
      "other discovery",
      "cluster: {discovery: {enabled: true, registries: {service: {endpoint: 'https://d.example.com/'}}}}",
      "d.example.com",
    ],
    [
      "manifest",
      "cluster: {extraManifests: ['https://raw.githubusercontent.com/x.yaml']}",
      "raw.githubusercontent.com",
    ],
    [
      "CNI manifest",
      "cluster: {network: {cni: {name: custom, urls: ['https://docs.projectcalico.org/x']}}}",
      "docs.projectcalico.org",
    ],
    ["API endpoint", "cluster: {controlPlane: {endpoint: 'https://api.example.com:6443'}}", "api.example.com"],
    [
      "log sink",
      "apiVersion: v1alpha1\nkind: KmsgLogConfig\nname: l\nurl: 'tcp://logs.example.com:514'",
      "logs.example.com",
    ],
    ["event sink", "apiVersion: v1alpha1\nkind: EventSinkConfig\nendpoint: 52.1.2.3:8080", "52.1.2.3"],
    ["proxy", "machine: {env: {https_proxy: 'http://user:pass@proxy.example.com:3128'}}", "proxy.example.com"],
    [
      "issuer in an argument",
      "cluster: {apiServer: {extraArgs: {oidc-issuer-url: 'https://accounts.google.com'}}}",
      "accounts.google.com",
    ],
    [
      "mirror",
      "apiVersion: v1alpha1\nkind: RegistryMirrorConfig\nname: quay.io\nendpoints: [{url: 'https://mirror.gcr.io'}]\nskipFallback: true",
      "mirror.gcr.io",
    ],
    [
      "mirror with a way back",
      "apiVersion: v1alpha1\nkind: RegistryMirrorConfig\nname: ghcr.io\nskipFallback: false",
      "ghcr.io",
    ],
    [
      "key server",
      "apiVersion: v1alpha1\nkind: VolumeConfig\nname: STATE\nencryption: {provider: luks2, keys: [{slot: 0, kms: {endpoint: 'https://kms.example.com:4050'}}]}",
      "kms.example.com",
    ],
  ])("finds a public %s", (_, patch, host) => {
    expect(publicNamesIn(patched(patch)).map((name) => name.host)).toContain(host);
  });

  it("finds registries without a mirror", () => {
    expect(publicNamesIn(generateConfig(nodeInput())).map(({ host }) => host)).toEqual(["ghcr.io", "registry.k8s.io"]);
  });

  it("takes the site's own names and addresses for its own", () => {
    const config = patched(
      "cluster: {controlPlane: {endpoint: 'https://api.wind.example.com:6443'}}\nmachine: {network: {nameservers: [198.41.0.4]}}",
    );

    expect(publicNamesIn(config).map(({ host }) => host)).toEqual(["api.wind.example.com", "198.41.0.4"]);
    expect(publicNamesIn(config, { site: ["wind.example.com", "198.41.0.0/24"] })).toEqual([]);
    expect(publicNamesIn(config, { site: ["ind.example.com", "198.41.0.4"] }).map(({ host }) => host)).toEqual([
      "api.wind.example.com",
    ]);
  });
});

describe("imagesOf()", () => {
  it("lists what a control plane's config names", () => {
    expect(imagesOf(whole())).toEqual([
      { reference: "ghcr.io/siderolabs/kubelet:v1.36.3", at: "machine.kubelet.image" },
      { reference: "ghcr.io/siderolabs/installer:v1.13.9", at: "machine.install.image" },
      { reference: "registry.k8s.io/kube-apiserver:v1.36.3", at: "cluster.apiServer.image" },
      { reference: "registry.k8s.io/kube-controller-manager:v1.36.3", at: "cluster.controllerManager.image" },
      { reference: "registry.k8s.io/kube-proxy:v1.36.3", at: "cluster.proxy.image" },
      { reference: "registry.k8s.io/kube-scheduler:v1.36.3", at: "cluster.scheduler.image" },
    ]);
  });

  it("finds static pods, inline manifests and overridden images, and leaves out what is off", () => {
    const manifest = JSON.stringify({
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      spec: {
        template: { spec: { initContainers: [{ image: "quay.io/a:1" }], containers: [{ image: "quay.io/b:1" }] } },
      },
    });
    const config = patched(
      JSON.stringify({
        machine: { pods: [{ kind: "Pod", spec: { containers: [{ image: "quay.io/static:1" }] } }] },
        cluster: {
          proxy: { disabled: true },
          etcd: { image: "registry.k8s.io/etcd:v3.6.13" },
          inlineManifests: [{ name: "cni", contents: `${manifest}\n---\n${manifest}` }],
        },
      }),
    );

    const references = imagesOf(config).map(({ reference }) => reference);

    expect(references).toEqual(
      expect.arrayContaining(["quay.io/static:1", "quay.io/a:1", "quay.io/b:1", "registry.k8s.io/etcd:v3.6.13"]),
    );
    expect(references.filter((reference) => /kube-proxy/.test(reference))).toEqual([]);
    expect(new Set(references).size).toBe(references.length);
  });

  it("takes patterns of images to verify for what they are", () => {
    const text = "apiVersion: v1alpha1\nkind: ImageVerificationConfig\nrules: [{image: registry.k8s.io/*}]";

    expect(imagesOf(patched(text))).toEqual(imagesOf(whole()));
  });
});

describe("redactConfig()", () => {
  it("shows no secret of the cluster and no comment", () => {
    const { secrets } = nodeInput();
    const config = whole().replace("machine:", `machine: # ${secrets.cluster.secret}`);
    const { certs } = secrets;
    const hidden = [
      secrets.cluster.secret,
      secrets.bootstrapToken,
      secrets.trustdToken,
      secrets.encryption.secret,
      ...[certs.os, certs.k8s, certs.etcd, certs.k8sAggregator].map(({ keyPem }) =>
        Buffer.from(keyPem).toString("base64"),
      ),
      Buffer.from(certs.k8sServiceAccountKeyPem).toString("base64"),
    ];

    const text = redactConfig(config);

    expect(hidden.filter((secret) => config.includes(secret))).toEqual(hidden);
    expect(hidden.filter((secret) => text.includes(secret))).toEqual([]);
    expect(text).toContain(Buffer.from(certs.os.certificatePem).toString("base64"));
  });

  it("shows that a worker has no key", () => {
    expect(redactConfig(whole({ role: "worker" }))).toContain('key: ""');
  });
});

describe("diffConfigs()", () => {
  it("shows changed lines with their surroundings", () => {
    expect(diffConfigs(whole(), patched("machine: {install: {disk: /dev/vda}}"))).toBe(`@@ -13 +13 @@
         defaultRuntimeSeccompProfileEnabled: true
         disableManifestsDirectory: true
     install:
-        disk: /dev/sda
+        disk: /dev/vda
         image: ghcr.io/siderolabs/installer:v1.13.9
         wipe: false
         grubUseUKICmdline: true
`);
  });

  it("is empty when nothing differs", () => {
    expect(diffConfigs(whole(), whole())).toBe("");
  });

  it("says that only a secret differs, and does not show it", () => {
    const diff = diffConfigs(whole(), patched("cluster: {secret: b3RoZXI=}"));

    expect(diff).toBe("@@ secrets or comments only @@\n");
  });

  it("shows added and removed documents whole", () => {
    const diff = diffConfigs(generateConfig(nodeInput()), whole());

    expect(diff.split("\n").filter((line) => line.startsWith("-"))).toEqual([]);
    expect(diff).toContain("+kind: RegistryTLSConfig");
  });
});
