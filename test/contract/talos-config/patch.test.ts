import { beforeAll, describe, expect, it } from "vitest";
import { isOperatorError } from "../../../src/lib/errors/index.ts";
import { documentsToYaml, generateBase } from "../../../src/talos/config/generate.ts";
import { applyPatches } from "../../../src/talos/config/index.ts";
import { mergeRules } from "../../../src/talos/config/merge-rules.ts";
import { differences, values } from "../../support/talos/compare.ts";
import { nodeInput } from "../../support/talos/node-config.ts";
import { askPeer, type PeerAnswer } from "../../support/talos/peer.ts";

interface Case {
  readonly title: string;
  readonly patches: readonly string[];
  /** Talos' patcher falls over (v1.13.9 panics); what ours does instead. */
  readonly ours?: "config unchanged";
  /** default: the generated control plane */
  readonly config?: string;
}

const interfaces = `machine: {network: {interfaces: [
  {interface: eth0, addresses: [10.5.0.2/24], vlans: [{vlanId: 5, mtu: 1400}]},
  {deviceSelector: {hardwareAddr: "52:*", driver: virtio}, dhcp: true}]}}`;
const mirror = `apiVersion: v1alpha1
kind: RegistryMirrorConfig
name: docker.io
endpoints: [{url: "https://10.5.0.1:5443"}]
`;
const rule = `apiVersion: v1alpha1
kind: NetworkRuleConfig
name: api
portSelector: {ports: [50000], protocol: tcp}
ingress: [{subnet: 10.5.0.0/24}]
`;
const extension = `apiVersion: v1alpha1
kind: ExtensionServiceConfig
name: nut
configFiles: [{content: a, mountPath: /a}, {content: b, mountPath: /b}]
environment: [A=1]
`;
const bond = `apiVersion: v1alpha1
kind: BondConfig
name: bond0
links: [eth0]
bondMode: 802.3ad
miimon: 100
mtu: 9000
`;
const singleDocument = documentsToYaml(generateBase(nodeInput()).slice(0, 1));
const del = "$patch: delete";

const table: readonly Case[] = [
  { title: "scalar", patches: ["machine: {install: {disk: /dev/vda}}"] },
  { title: "empty text changes nothing", patches: ['machine: {install: {disk: ""}}'] },
  { title: "zero changes nothing", patches: ["machine: {features: {kubePrism: {port: 0}}}"] },
  {
    title: "false counts",
    patches: ["machine: {features: {hostDNS: {forwardKubeDNSToHost: false}}}", "persist: true\ndebug: false"],
  },
  { title: "true counts", patches: ["machine: {install: {wipe: true}}"] },
  { title: "null changes nothing", patches: ["machine: {install: null, sysctls: ~}", "cluster:\n  proxy:\n"] },
  { title: "new section", patches: ['machine: {sysctls: {net.ipv4.ip_forward: "1"}, time: {servers: [10.5.0.1]}}'] },
  {
    title: "mapping key by key",
    patches: ['machine: {nodeLabels: {a: "1", b: "2"}}', 'machine: {nodeLabels: {b: "3"}}'],
  },
  {
    title: "empty label is not overwritten by empty",
    patches: ['machine: {nodeLabels: {a: "1"}}', 'machine: {nodeLabels: {a: ""}}'],
  },
  {
    title: "lists are appended",
    patches: ["machine: {certSANs: [a.internal]}", "machine: {certSANs: [b.internal, a.internal]}"],
  },
  { title: "empty list adds nothing", patches: ["machine: {certSANs: [a.internal]}", "machine: {certSANs: []}"] },
  {
    title: "subnets are replaced",
    patches: ["cluster: {network: {podSubnets: [10.0.0.0/8], serviceSubnets: [10.200.0.0/16]}}"],
  },
  { title: "empty replaced list", patches: ["cluster: {network: {podSubnets: []}}"] },
  {
    title: "audit policy is replaced",
    patches: [
      "cluster: {apiServer: {auditPolicy: {apiVersion: audit.k8s.io/v1, kind: Policy, omitStages: [RequestReceived]}}}",
    ],
  },
  {
    title: "admission control is keyed by name",
    patches: [
      "cluster: {apiServer: {admissionControl: [{name: PodSecurity, configuration: {defaults: {enforce: privileged}, exemptions: {namespaces: [monitoring]}}}, {name: EventRateLimit, configuration: {limits: [{type: Server}]}}]}}",
    ],
  },
  {
    title: "interfaces are keyed by name",
    patches: [interfaces, "machine: {network: {interfaces: [{interface: eth0, mtu: 9000, addresses: [10.6.0.2/24]}]}}"],
  },
  {
    title: "interfaces are keyed by selector",
    patches: [
      interfaces,
      'machine: {network: {interfaces: [{deviceSelector: {driver: virtio, hardwareAddr: "52:*"}, dhcp: false, mtu: 1500}]}}',
    ],
  },
  {
    title: "another selector is another interface",
    patches: [interfaces, 'machine: {network: {interfaces: [{deviceSelector: {hardwareAddr: "52:*"}, mtu: 1500}]}}'],
  },
  {
    title: "VLANs are keyed by id",
    patches: [
      interfaces,
      "machine: {network: {interfaces: [{interface: eth0, vlans: [{vlanId: 5, mtu: 1450}, {vlanId: 6}]}]}}",
    ],
  },
  {
    title: "extra arguments key by key",
    patches: [
      "cluster: {apiServer: {extraArgs: {v: '1', feature-gates: [A=true, B=true]}}}",
      "cluster: {apiServer: {extraArgs: {v: '', feature-gates: C=true, profiling: 'true'}}}",
    ],
  },
  {
    title: "kubelet arguments as list",
    patches: ["machine: {kubelet: {extraArgs: {x: [a, b]}}}", "machine: {kubelet: {extraArgs: {x: [c]}}}"],
  },
  {
    title: "free-form object",
    patches: [
      "machine: {kubelet: {extraConfig: {a: {b: [1], c: x, d: 1}}}}",
      "machine: {kubelet: {extraConfig: {a: {b: [2], c: '', d: 0, e: true}}}}",
    ],
  },
  {
    title: "free-form mismatch",
    patches: ["machine: {kubelet: {extraConfig: {a: [1]}}}", "machine: {kubelet: {extraConfig: {a: {b: 1}}}}"],
  },
  { title: "new document", patches: [mirror] },
  { title: "same document twice appends", patches: [mirror, mirror] },
  { title: "same kind, other name", patches: [mirror, mirror.replace("docker.io", "ghcr.io")] },
  { title: "hostname", patches: ["apiVersion: v1alpha1\nkind: HostnameConfig\nauto: off\nhostname: cp-1\n"] },
  {
    title: "several documents in one patch",
    patches: [`machine: {certSANs: [x.internal]}\n---\n${mirror}---\n# nothing\n---\n${rule}`],
  },
  {
    title: "rule lists are replaced",
    patches: [rule, rule.replace("[50000]", "[6443, 10250-10260]").replace("10.5.0.0/24", "10.6.0.0/24")],
  },
  {
    title: "extension files are keyed by path",
    patches: [extension, extension.replace("content: b", "content: c").replace("/a", "/z")],
  },
  {
    title: "time",
    patches: [
      "apiVersion: v1alpha1\nkind: TimeSyncConfig\nntp: {servers: [10.5.0.1]}\nbootTimeout: 1m0s\n",
      "apiVersion: v1alpha1\nkind: TimeSyncConfig\nntp: {servers: [10.5.0.9]}\nbootTimeout: 0s\n",
    ],
  },
  {
    title: "bond numbers may become zero",
    patches: [bond, bond.replace("miimon: 100", "miimon: 0").replace("mtu: 9000", "mtu: 0")],
  },
  {
    title: "volume",
    patches: [
      "apiVersion: v1alpha1\nkind: VolumeConfig\nname: EPHEMERAL\nprovisioning: {diskSelector: {match: disk.transport == 'nvme'}, maxSize: 50GiB}\n",
    ],
  },
  { title: "delete a key", patches: [`cluster: {apiServer: {admissionControl: {${del}}}}`] },
  { title: "delete an unset field", patches: [`machine: {sysctls: {${del}}}`] },
  {
    title: "delete a section and add beside it",
    patches: [`cluster: {discovery: {${del}}, allowSchedulingOnControlPlanes: true}`],
  },
  {
    title: "delete a label",
    patches: [`machine: {nodeLabels: {node.kubernetes.io/exclude-from-external-load-balancers: {${del}}}}`],
  },
  { title: "delete a label that is not there", patches: [`machine: {nodeLabels: {nope: {${del}}}}`] },
  { title: "delete below nothing", patches: [`machine: {time: {servers: {${del}}}}`] },
  {
    title: "delete a list item",
    patches: [interfaces, `machine: {network: {interfaces: [{interface: eth0, ${del}}]}}`],
  },
  {
    title: "delete a list item that is not there",
    patches: [interfaces, `machine: {network: {interfaces: [{interface: eth9, ${del}}]}}`],
  },
  {
    title: "delete a list item, add another",
    patches: [
      interfaces,
      `machine: {network: {interfaces: [{interface: eth0, ${del}}, {interface: eth1, dhcp: true}]}}`,
    ],
  },
  {
    title: "delete in a list inside a list",
    patches: [interfaces, `machine: {network: {interfaces: [{interface: eth0, vlans: [{vlanId: 5, ${del}}]}]}}`],
  },
  {
    title: "delete a key in a list item",
    patches: [interfaces, `machine: {network: {interfaces: [{interface: eth0, addresses: {${del}}}]}}`],
  },
  {
    title: "delete a plugin by name",
    patches: [`cluster: {apiServer: {admissionControl: [{name: PodSecurity, ${del}}]}}`],
  },
  { title: "delete a document", patches: [`apiVersion: v1alpha1\nkind: HostnameConfig\n${del}\n`] },
  {
    title: "delete a named document",
    patches: [mirror, `apiVersion: v1alpha1\nkind: RegistryMirrorConfig\nname: docker.io\n${del}\n`],
  },
  {
    title: "delete a document that is not there",
    ours: "config unchanged",
    patches: [`apiVersion: v1alpha1\nkind: RegistryMirrorConfig\nname: docker.io\n${del}\n`],
  },
  {
    title: "delete in a document",
    patches: [
      "apiVersion: v1alpha1\nkind: TimeSyncConfig\nenabled: true\nntp: {servers: [10.5.0.1]}\n",
      `apiVersion: v1alpha1\nkind: TimeSyncConfig\nntp: {${del}}\n`,
    ],
  },
  {
    title: "delete a list item in a document",
    patches: [
      mirror,
      `apiVersion: v1alpha1\nkind: RegistryMirrorConfig\nname: docker.io\nendpoints: [{url: "https://10.5.0.1:5443", ${del}}]\n`,
    ],
  },
  { title: "delete the whole config", patches: [`version: v1alpha1\n${del}\nmachine: {}\n`] },
  { title: "delete a document without its kind", patches: [`apiVersion: v1alpha1\n${del}\n`] },
  { title: "mapping over scalar", patches: ["machine: {install: {disk: {a: b}}}"] },
  { title: "list over mapping", patches: ["machine: {install: [a]}"] },
  {
    title: "JSON patch on several documents",
    patches: ['[{"op": "add", "path": "/machine/certSANs/-", "value": "x"}]'],
  },
  {
    title: "JSON patch",
    config: singleDocument,
    patches: [
      '[{"op": "add", "path": "/machine/certSANs/-", "value": "x"}, {"op": "replace", "path": "/machine/install/disk", "value": "/dev/vda"}]',
    ],
  },
  {
    title: "JSON patch as YAML",
    config: singleDocument,
    patches: ["- op: remove\n  path: /cluster/discovery\n- op: add\n  path: /machine/sysctls\n  value: {a: b}\n"],
  },
  {
    title: "JSON patch with move, copy and test",
    config: singleDocument,
    patches: [
      "- {op: add, path: /machine/certSANs/0, value: a}\n- {op: copy, from: /machine/certSANs, path: /cluster/apiServer/certSANs}\n- {op: test, path: /machine/type, value: controlplane}\n- {op: add, path: /machine/sysctls, value: {x: y}}\n- {op: move, from: /machine/sysctls, path: /machine/sysfs}\n",
    ],
  },
  {
    title: "JSON patch with escapes",
    config: singleDocument,
    patches: ["- {op: add, path: /machine/nodeLabels/a~1b~0c, value: x}\n"],
  },
  {
    title: "JSON patch that removes nothing",
    config: singleDocument,
    patches: ["- {op: remove, path: /machine/nope}\n"],
  },
  {
    title: "JSON patch whose test fails",
    config: singleDocument,
    patches: ["- {op: test, path: /machine/type, value: worker}\n"],
  },
  {
    title: "JSON patch outside its list",
    config: singleDocument,
    patches: ["- {op: add, path: /machine/certSANs/7, value: x}\n"],
  },
  {
    title: "JSON patch, then strategic",
    config: singleDocument,
    patches: ["- {op: add, path: /machine/certSANs/-, value: x}\n", "machine: {certSANs: [y]}"],
  },
];

const configOf = ({ config }: Case): string => config ?? documentsToYaml(generateBase(nodeInput()));

function ours(row: Case): { readonly yaml: string } | { readonly code: string } {
  try {
    const patches = row.patches.map((text, index) => ({ file: `patch-${index}.yaml`, text }));
    return { yaml: applyPatches(configOf(row), patches) };
  } catch (error) {
    if (isOperatorError(error)) return { code: error.code };
    throw error;
  }
}

describe("applyPatches() beside Talos' own patcher", () => {
  let theirs: readonly PeerAnswer[];
  let read: readonly PeerAnswer[];
  beforeAll(async () => {
    theirs = await askPeer(
      "patch",
      table.map((row) => ({ config: configOf(row), patches: row.patches })),
    );
    // Talos prints some empty fields that nobody wrote; so ours is compared after Talos has read and printed it.
    read = await askPeer(
      "validate",
      table.map((row) => {
        const result = ours(row);
        return { config: "yaml" in result ? result.yaml : "" };
      }),
    );
  });

  it.each(table.map((row, index) => ({ ...row, index })))("$title", (row) => {
    const result = ours(row);

    const expected = theirs[row.index];
    if (row.ours === "config unchanged") {
      expect(expected?.error).toMatch(/^panic: /);
      expect("yaml" in result && differences(values(result.yaml), values(configOf(row)))).toEqual([]);
    } else if (expected?.yaml === undefined) {
      expect({ code: "yaml" in result ? "applied" : result.code, talos: expected?.error }).toMatchObject({
        code: "TALOS_PATCH_INVALID",
      });
    } else {
      expect(result).toHaveProperty("yaml");
      expect(read[row.index]?.error).toBeUndefined();
      expect(differences(values(read[row.index]?.yaml), values(expected.yaml))).toEqual([]);
    }
  });
});

describe("mergeRules beside the types of Talos", () => {
  interface Field {
    readonly path: string;
    readonly merge: string;
  }
  /** Custom merges of a single value (for us, who keep values as text, no rule at all), and items of lists, never merged. */
  const isOfNoConcern = (path: string): boolean => /\.(match|minSize|maxSize)$|Expression$|^addresses\.\[\]/.test(path);

  it("name every field whose merge is not the general one", async () => {
    const kinds = ["", ...nodeInput().contract.documentKinds];
    const fields = await askPeer<readonly Field[]>(
      "fields",
      kinds.map((kind) => ({ kind })),
    );

    const special = kinds.flatMap((kind, index) =>
      (fields[index] ?? [])
        .filter(({ merge, path }) => /^(replaced|custom|pointer-scalar)$/.test(merge) && !isOfNoConcern(path))
        .map(({ path }) => `${kind}:${path}`),
    );

    const known = Object.entries(mergeRules)
      .filter(([kind]) => kinds.includes(kind))
      .flatMap(([kind, rules]) => Object.keys(rules).map((path) => `${kind}:${path}`));
    expect(known.toSorted()).toEqual(special.toSorted());
  });
});
