import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  bootstrapKubeconfig,
  kubeletArguments,
  kubeletConfig,
} from "../../../../src/lab/contained/node/kubelet-config.ts";
import { clusterFacts } from "../../../../src/lab/node/cluster-facts.ts";
import { releaseImages } from "../../../../src/lab/rack/release-images.ts";
import { generateConfig } from "../../../../src/talos/config/index.ts";
import { appliedConfig, parseApplied } from "../../../support/lab/applied-config.ts";
import { nodeInput } from "../../../support/talos/node-config.ts";

type Values = Readonly<Record<string, unknown>>;

/** From a real node, see `about` in the file. */
const recorded = JSON.parse(
  readFileSync(new URL("../../../fixtures/lab/node-1.13.9.json", import.meta.url), "utf8"),
) as { readonly kubeletSpec: { readonly args: readonly string[]; readonly config: Values } };

const plan = { nodeName: "tcp1", address: "10.5.0.2", staticPodPort: 34911 };
const release = releaseImages("v1.13.9", "v1.36.3");
const generated = (overrides: Parameters<typeof nodeInput>[0] = {}) =>
  parseApplied(generateConfig(nodeInput(overrides)));
const configOf = (applied: ReturnType<typeof parseApplied>, of = plan): Values =>
  parse(kubeletConfig(applied, clusterFacts(applied, release), of)) as Values;
/** A machine config with this kubelet section. */
const withKubelet = (kubelet: Values, role: "controlplane" | "worker" = "worker") =>
  appliedConfig({ machine: { kubelet }, role });

/** Every value by its dotted path; lists whole. */
function flat(value: unknown, path = ""): Values {
  if (typeof value !== "object" || value === null || Array.isArray(value) || Object.keys(value).length === 0) {
    return { [path]: value };
  }
  return Object.assign(
    {},
    ...Object.entries(value).map(([key, item]) => flat(item, path === "" ? key : `${path}.${key}`)),
  );
}

/** What differs from the real node, and why. Zeros and empty mappings of Go's marshaller mean the kubelet's default, as absence does. */
const reasons: Values = {
  "evictionHard.memory.available": "the node's memory is that of the computer, which others use too",
  "evictionHard.nodefs.available": "the node's disk is a folder: how full the computer's disk is says nothing",
  "evictionHard.nodefs.inodesFree": "as above",
  "evictionHard.imagefs.available": "as above",
  "featureGates.LocalStorageCapacityIsolationFSQuotaMonitoring": "a folder has no project quota",
  httpCheckFrequency: "static pods come at once instead of after up to 20 s",
  localStorageCapacityIsolation: "the kubelet finds no device for a folder",
  nodeStatusUpdateFrequency: "a node tells that it is ready within 2 s instead of 10",
};

describe("kubeletConfig()", () => {
  it("differs from a real node's in what is listed, and in nothing else", () => {
    const isDefault = (value: unknown) => ["0s", "0", 0].includes(value as string) || JSON.stringify(value) === "{}";
    const theirs = Object.fromEntries(
      Object.entries(flat(recorded.kubeletSpec.config)).filter(([, value]) => !isDefault(value)),
    );
    const ours = Object.fromEntries(
      Object.entries(flat(configOf(generated()))).filter(([, value]) => !isDefault(value)),
    );

    const names = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
    const different = [...names].filter((name) => !isDeepStrictEqual(ours[name], theirs[name]));

    expect(different.sort()).toEqual(Object.keys(reasons).sort());
  });

  it("reserves less memory on a worker, which has no taint and no static pods", () => {
    const { staticPodPort: _, ...worker } = plan;
    const config = configOf(generated({ role: "worker" }), { ...worker, staticPodPort: undefined } as never);

    expect(config["systemReserved"]).toMatchObject({ memory: "384Mi" });
    expect(config["registerWithTaints"]).toEqual([]);
    expect(config).not.toHaveProperty("staticPodURL");
  });

  it.each([
    { rule: "of the v1alpha1 document", config: (extra: Values) => withKubelet({ extraConfig: extra }) },
    {
      rule: "of a KubeletConfig document",
      config: (extra: Values) => appliedConfig({ documents: [{ kind: "KubeletConfig", config: extra }] }),
    },
  ])("takes extra config $rule where Talos lets it", ({ config }) => {
    const extra = {
      maxPods: 42,
      shutdownGracePeriod: "0s",
      systemReserved: { cpu: "1" },
      logging: { verbosity: 4 },
      clusterDomain: "site.local",
      port: 1,
      cgroupRoot: "/elsewhere",
      staticPodURL: "http://elsewhere",
      authentication: { anonymous: { enabled: true } },
    };

    expect(configOf(config(extra))).toMatchObject({
      maxPods: 42,
      shutdownGracePeriod: "0s",
      systemReserved: { cpu: "1" },
      logging: { verbosity: 4, format: "json" },
      clusterDomain: "site.local",
      port: 10250,
      cgroupRoot: "/",
      staticPodURL: "http://127.0.0.1:34911",
      authentication: { anonymous: { enabled: false } },
    });
    expect(configOf(config(extra))["systemReserved"]).toEqual({ cpu: "1" });
  });

  it("asks the DNS of the config, else the tenth address of each service network", () => {
    const subnets = { cluster: { network: { serviceSubnets: ["172.20.0.0/16", "fd00:1::/112"] } } };

    expect(configOf(appliedConfig(subnets))["clusterDNS"]).toEqual(["172.20.0.10", "fd00:1::a"]);
    expect(configOf(withKubelet({ clusterDNS: ["10.0.0.53"] }))["clusterDNS"]).toEqual(["10.0.0.53"]);
  });

  it.each([
    { nodeTaints: { a: "NoExecute" }, expected: [{ key: "a", effect: "NoExecute" }] },
    { nodeTaints: { a: "gpu:NoSchedule" }, expected: [{ key: "a", value: "gpu", effect: "NoSchedule" }] },
    { nodeTaints: { a: ":NoSchedule" }, expected: [{ key: "a", value: "", effect: "NoSchedule" }] },
  ])("registers with the taint $nodeTaints", ({ nodeTaints, expected }) => {
    expect(configOf(appliedConfig({ machine: { nodeTaints } }))["registerWithTaints"]).toEqual(expected);
  });

  it("adds the node's taints to those of the kubelet's own config, which win", () => {
    const own = [{ key: "a", value: "mine", effect: "NoExecute" }];
    const config = appliedConfig({
      machine: {
        nodeTaints: { a: "NoSchedule", b: "NoSchedule" },
        kubelet: { extraConfig: { registerWithTaints: own } },
      },
    });

    expect(configOf(config)["registerWithTaints"]).toEqual([...own, { key: "b", effect: "NoSchedule" }]);
  });

  it("lets pods run without a seccomp profile where the config does not ask for one", () => {
    expect(configOf(withKubelet({ defaultRuntimeSeccompProfileEnabled: true }))["seccompDefault"]).toBe(true);
    expect(configOf(withKubelet({}))).not.toHaveProperty("seccompDefault");
  });
});

describe("kubeletArguments()", () => {
  it("are a real node's", () => {
    expect([...kubeletArguments(generated(), plan)].sort()).toEqual([...recorded.kubeletSpec.args].sort());
  });

  it("takes extra arguments, which replace Talos' own; a list is a flag per value", () => {
    const config = withKubelet({ extraArgs: { "node-ip": "10.9.9.9", v: 2, "feature-gates": ["A=true", "B=false"] } });

    const args = kubeletArguments(config, plan);

    expect(args).toEqual(
      expect.arrayContaining(["--node-ip=10.9.9.9", "--v=2", "--feature-gates=A=true", "--feature-gates=B=false"]),
    );
    expect(args.filter((argument) => argument.startsWith("--node-ip="))).toHaveLength(1);
  });
});

describe("bootstrapKubeconfig()", () => {
  it("calls KubePrism with the bootstrap token and the cluster's CA", () => {
    const facts = clusterFacts(generated(), release);

    expect(parse(bootstrapKubeconfig(facts))).toMatchObject({
      clusters: [
        {
          cluster: {
            server: "https://127.0.0.1:7445",
            "certificate-authority-data": Buffer.from(facts.kubernetesCa?.crt ?? "none").toString("base64"),
          },
        },
      ],
      users: [{ user: { token: facts.bootstrapToken } }],
    });
  });
});
