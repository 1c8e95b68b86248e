import { describe, expect, it } from "vitest";
import { isOperatorError } from "../../../../src/lib/errors/index.ts";
import {
  contractFor,
  defaultInstaller,
  generateConfig,
  knownReleases,
  talosImages,
} from "../../../../src/talos/config/index.ts";
import { nodeInput } from "../../../support/talos/node-config.ts";

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (isOperatorError(error)) return error.code;
    throw error;
  }
  return "accepted";
}

describe("contractFor()", () => {
  it.each([
    ["v1.12.11", "v1.12"],
    ["v1.13.9", "v1.13"],
    ["v1.13", "v1.13"],
    ["1.14.2", "v1.14"],
    ["v1.14.0-rc.1", "v1.14"],
  ])("%s is %s", (version, name) => {
    expect(contractFor(version).name).toBe(name);
  });

  it.each(["v1.11.6", "v1.15.0", "v2.13.0", "v1.130.0", "1", "", "latest", "v1.13.9 ", "__proto__", "v1.13.9/../x"])(
    "refuses %j",
    (version) => {
      expect(codeOf(() => contractFor(version))).toBe("TALOS_VERSION_UNSUPPORTED");
    },
  );

  it.each([
    ["v1.12.0", "v1.30.0", true],
    ["v1.12.0", "v1.36.0", false],
    ["v1.13.9", "v1.36.3", true],
    ["v1.13.9", "v1.37.0-rc.0", false],
    ["v1.14.0", "v1.37.0-rc.0", true],
    ["v1.14.0", "v1.31.9", false],
    ["v1.13.9", "v2.33.0", false],
    ["v1.13.9", "1.36", false],
  ])("%s runs Kubernetes %s: %s", (version, kubernetes, answer) => {
    expect(contractFor(version).runsKubernetes(kubernetes)).toBe(answer);
  });

  it("answers what differs between versions", () => {
    const answers = ["v1.12.0", "v1.13.0", "v1.14.0"].map(contractFor);

    expect(answers.map(({ hasImageService }) => hasImageService)).toEqual([false, true, true]);
    expect(answers.map(({ acceptsRebootMode }) => acceptsRebootMode)).toEqual([true, true, false]);
    expect(answers.map(({ documentKinds }) => documentKinds.has("KubeSpanConfig"))).toEqual([false, true, true]);
    expect(answers.map(({ documentKinds }) => documentKinds.has("KubeletConfig"))).toEqual([false, false, true]);
  });
});

describe("talosImages()", () => {
  it("lists what a cluster of the release pulls of its own accord", () => {
    expect(talosImages("v1.13.9", { kubernetes: "v1.36.3" }).map(({ reference }) => reference)).toEqual([
      "ghcr.io/siderolabs/installer:v1.13.9",
      "ghcr.io/siderolabs/kubelet:v1.36.3",
      "registry.k8s.io/etcd:v3.6.12",
      "registry.k8s.io/kube-apiserver:v1.36.3",
      "registry.k8s.io/kube-controller-manager:v1.36.3",
      "registry.k8s.io/kube-scheduler:v1.36.3",
      "registry.k8s.io/kube-proxy:v1.36.3",
      "registry.k8s.io/coredns/coredns:v1.14.6",
      "ghcr.io/siderolabs/flannel:0.28.8",
      "registry.k8s.io/pause:3.10.1",
    ]);
  });

  it("leaves flannel out where a package brings the CNI", () => {
    const references = talosImages("v1.13.9", { kubernetes: "v1.36.3", cni: "none" }).map(({ reference }) => reference);

    expect(references.filter((reference) => reference.includes("flannel"))).toEqual([]);
  });

  it("has a contract for every release in its table", () => {
    expect(knownReleases.map((release) => contractFor(release).name)).toHaveLength(knownReleases.length);
    expect(knownReleases.every((release) => defaultInstaller(release).endsWith(`:${release}`))).toBe(true);
  });

  it.each(["v1.13.99", "v1.13", "toString"])("refuses %s, whose images nobody has looked up", (version) => {
    expect(codeOf(() => talosImages(version, { kubernetes: "v1.36.3" }))).toBe("TALOS_RELEASE_UNKNOWN");
  });
});

describe("generateConfig()", () => {
  it.each([
    "10.5.0.100",
    "http://10.5.0.100:6443",
    "https://10.5.0.100",
    "https://10.5.0.100:6443/path",
    "https://10.5.0.100:6443?x",
  ])("refuses endpoint %s", (endpoint) => {
    expect(codeOf(() => generateConfig(nodeInput({ endpoint })))).toBe("TALOS_CONFIG_INPUT_INVALID");
  });

  it.each(["0s", "", "0m0s", "forever", "-1m", "2"])("refuses a boot that would wait %j for time", (bootTimeout) => {
    expect(codeOf(() => generateConfig(nodeInput({ bootTimeout })))).toBe("TALOS_CONFIG_INPUT_INVALID");
  });

  it("refuses a Kubernetes that the Talos does not run", () => {
    expect(codeOf(() => generateConfig(nodeInput({ kubernetesVersion: "v1.30.1" })))).toBe(
      "TALOS_KUBERNETES_UNSUPPORTED",
    );
  });

  it("gives the same bytes for the same input", () => {
    expect(generateConfig(nodeInput())).toBe(generateConfig(nodeInput()));
  });

  it("gives a worker no private key of any authority", () => {
    const config = generateConfig(nodeInput({ role: "worker" }));
    const { certs, encryption } = nodeInput().secrets;
    const keys = [certs.os, certs.k8s, certs.etcd, certs.k8sAggregator].map(({ keyPem }) => keyPem);
    const secrets = [...keys, certs.k8sServiceAccountKeyPem].map((pem) => Buffer.from(pem).toString("base64"));

    expect([...secrets, encryption.secret].filter((secret) => config.includes(secret))).toEqual([]);
  });
});
