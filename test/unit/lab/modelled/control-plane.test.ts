import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { KubeObject } from "../../../../src/kube/index.ts";
import { mirrorPod } from "../../../../src/lab/modelled/control-plane/static-pods.ts";
import { clusterFacts } from "../../../../src/lab/node/cluster-facts.ts";
import { bootstrapManifests } from "../../../../src/lab/node/control-plane/bootstrap-manifests.ts";
import {
  apiServerArguments,
  controllerManagerArguments,
  schedulerArguments,
} from "../../../../src/lab/node/control-plane/component-arguments.ts";
import { apiServerConfigs, encryptionConfig } from "../../../../src/lab/node/control-plane/component-configs.ts";
import { etcdArguments } from "../../../../src/lab/node/etcd/etcd-arguments.ts";
import { releaseImages } from "../../../../src/lab/rack/release-images.ts";
import { generateConfig } from "../../../../src/talos/config/index.ts";
import { parseApplied } from "../../../support/lab/applied-config.ts";
import { nodeInput } from "../../../support/talos/node-config.ts";

/** From a real node, see `about` in the file. */
const recorded = JSON.parse(
  readFileSync(new URL("../../../fixtures/lab/controlplane-1.13.9.json", import.meta.url), "utf8"),
) as {
  readonly commands: Readonly<Record<string, readonly string[]>>;
  readonly labels: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly etcd: readonly string[];
  readonly bootstrapManifests: readonly KubeObject[];
  readonly files: Readonly<Record<string, string>>;
};

const factsOf = (overrides: Parameters<typeof nodeInput>[0] = {}) =>
  clusterFacts(parseApplied(generateConfig(nodeInput(overrides))), releaseImages("v1.13.9", "v1.36.3"));
const facts = factsOf();
const places = {
  address: "127.0.4.10",
  secrets: "/system/secrets/kubernetes",
  config: "/system/config/kubernetes",
  audit: "/var/log/audit/kube",
  network: "shared",
} as const;

/** `--a=b` and `--a` (as true), by name. */
const flags = (args: readonly string[]) =>
  Object.fromEntries(
    args
      .filter((argument) => argument.startsWith("--"))
      .map((argument) => {
        const [name = "", ...value] = argument.slice(2).split("=");
        return [name, value.length === 0 ? "true" : value.join("=")];
      }),
  );

/** Names whose values differ, on either side. */
function differences(ours: readonly string[], theirs: readonly string[] | undefined): readonly string[] {
  const [a, b] = [flags(ours), flags(theirs ?? [])];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => a[name] !== b[name]).sort();
}

describe("arguments of the control plane", () => {
  it("differ from a real node's kube-apiserver only in addresses, audit size and what loopback asks", () => {
    expect(differences(apiServerArguments(facts, places), recorded.commands["kube-apiserver"])).toEqual([
      "advertise-address",
      "api-audiences",
      "audit-log-maxbackup",
      "audit-log-maxsize",
      "bind-address",
      "endpoint-reconciler-type",
      "etcd-servers",
      "service-account-issuer",
    ]);
  });

  it("differ from a real node's kube-controller-manager and kube-scheduler only in the address", () => {
    expect(
      differences(controllerManagerArguments(facts, places), recorded.commands["kube-controller-manager"]),
    ).toEqual(["bind-address"]);
    expect(differences(schedulerArguments(facts, places), recorded.commands["kube-scheduler"])).toEqual([
      "bind-address",
    ]);
  });

  it("take extra arguments of the config over Talos' own", () => {
    const extra = { ...facts, extraArgs: { ...facts.extraArgs, apiServer: { profiling: ["true"], v: ["2"] } } };

    expect(flags(apiServerArguments(extra, places))).toMatchObject({ profiling: "true", v: "2" });
  });

  it("differ from a real node's etcd only in addresses, names, syncing and Talos' own tuning", () => {
    const args = etcdArguments({
      name: "<node>",
      address: "<address>",
      dataFolder: "/var/lib/etcd",
      secretsFolder: "/system/secrets/etcd",
      initialCluster: "<node>=https://<address>:2380",
      state: "new",
    });

    expect(differences(args, recorded.etcd)).toEqual([
      "experimental-compact-hash-check-enabled",
      "experimental-initial-corrupt-check",
      "experimental-watch-progress-notify-interval",
      "listen-client-urls",
      "listen-peer-urls",
      "peer-skip-client-san-verification",
      "unsafe-no-fsync",
    ]);
  });
});

describe("files of kube-apiserver", () => {
  it.each(["admission-control-config.yaml", "auditpolicy.yaml", "authorization-config.yaml"])(
    "has Talos' %s",
    (name) => {
      const theirs = parse(recorded.files[`/system/config/kubernetes/kube-apiserver/${name}`] ?? "") as object;

      const { metadata: _empty, ...expected } = theirs as Record<string, unknown>;
      expect(parse(apiServerConfigs(facts)[name] ?? "")).toEqual(expected);
    },
  );

  it("encrypts Secrets with the config's secret, as Talos does", () => {
    expect(parse(encryptionConfig({ ...facts, secretboxSecret: "<32 bytes base64>" }))).toEqual(
      parse(recorded.files["/system/secrets/kubernetes/kube-apiserver/encryptionconfig.yaml"] ?? ""),
    );
  });
});

describe("mirrorPod()", () => {
  it("is labelled as Talos labels its static pods", () => {
    const image = "registry.k8s.io/kube-apiserver:v1.36.3";
    const pod = mirrorPod({ name: "kube-apiserver", image, command: [] }, { name: "cp-1", uid: "u", now: new Date() });

    expect(pod.metadata.labels).toEqual(recorded.labels["kube-apiserver"]);
  });
});

/** Without what says nothing: empty mappings. */
function dense(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dense);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, dense(item)] as const);
  return Object.fromEntries(entries.filter(([, item]) => JSON.stringify(item) !== "{}"));
}

describe("bootstrapManifests()", () => {
  const key = ({ kind, metadata }: KubeObject) => `${kind}/${metadata.namespace ?? ""}/${metadata.name}`;
  const ours = new Map(bootstrapManifests(facts).map((manifest) => [key(manifest), manifest]));
  const theirs = recorded.bootstrapManifests.filter((manifest) => manifest.kind !== "Secret");

  it.each(theirs.map((manifest) => [key(manifest), manifest] as const))(
    "has %s as Talos writes it",
    (name, manifest) => {
      expect(dense(ours.get(name))).toEqual(dense(manifest));
    },
  );

  it("has nothing that Talos has not, and the token that kubelets bootstrap with", () => {
    expect(ours.size).toBe(theirs.length + 1);
    const [id, secret] = facts.bootstrapToken.split(".");
    expect(ours.get(`Secret/kube-system/bootstrap-token-${id}`)).toMatchObject({
      stringData: { "token-id": id, "token-secret": secret },
    });
  });

  it("leaves flannel out where the config wants no CNI", () => {
    expect(bootstrapManifests(factsOf({ cni: "none" })).map((manifest) => manifest.metadata.name)).not.toContain(
      "flannel",
    );
  });
});
