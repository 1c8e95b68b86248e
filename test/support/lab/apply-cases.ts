import { type Document, parseAllDocuments } from "yaml";
import { testSecrets } from "../talos/secrets.ts";

/** Builds the input of a recorded case from a whole valid config; the recordings name the change, not the bytes. */
type Build = (base: string) => string;

const KEY = "bad key!";

function edited(change: (v1alpha1: Document) => void): Build {
  return (base) => {
    const documents = parseAllDocuments(base) as Document[];
    const [v1alpha1] = documents;
    if (v1alpha1 === undefined) throw new Error("no document");
    change(v1alpha1);
    return documents.map((document) => document.toString({ directives: false })).join("---\n");
  };
}

const set = (path: string, value: unknown): Build => edited((doc) => doc.setIn(path.split("."), value));
const drop = (...paths: readonly string[]): Build =>
  edited((doc) => {
    for (const path of paths) doc.deleteIn(path.split("."));
  });
const append =
  (text: string): Build =>
  (base) =>
    `${base}---\napiVersion: v1alpha1\n${text}\n`;
const just =
  (text: string): Build =>
  () =>
    text;
const same: Build = (base) => base;

const MIRROR = (name: string) =>
  `kind: RegistryMirrorConfig\nname: ${name}\nendpoints:\n    - url: http://10.5.0.1:5000`;
const caKeyOf = (name: "os" | "k8s") => Buffer.from(testSecrets().certs[name].keyPem).toString("base64");

/** By the recordings' names of the cases, in maintenance. */
export const maintenanceCases: Readonly<Record<string, Build>> = {
  "empty data": just(""),
  "only a comment": just("# nothing"),
  "only ---": just("---"),
  "binary garbage": just("\u0000\u0001\u0002"),
  "unparsable YAML": just("a: b: c\n\t- x"),
  "plain string": just("hello"),
  list: just("- a\n- b"),
  "mapping without version/kind": just("foo: bar"),
  "unknown document kind": just("apiVersion: v1alpha1\nkind: NopeConfig"),
  "known kind, unknown apiVersion": just("apiVersion: v9\nkind: HostnameConfig"),
  "kind without apiVersion": just("kind: HostnameConfig"),
  "valid config + unknown document kind": append("kind: NopeConfig"),
  "unknown field machine.nope": set("machine.nope", 1),
  "unknown top-level field": set("nope", { a: 1 }),
  "two unknown fields": (base) => set("cluster.alsoNope", { a: [1] })(set("machine.nope", 1)(base)),
  "unknown field in a document": (base) => base.replace("kind: HostnameConfig\n", "kind: HostnameConfig\nnope: 1\n"),
  "wrong type: machine.type is a list": set("machine.type", ["a"]),
  "wrong type: certSANs is a string": set("machine.certSANs", "x"),
  "missing machine.type": drop("machine.type"),
  "bad machine.type": set("machine.type", "foo"),
  "wrong version v9": set("version", "v9"),
  "version missing": drop("version"),
  "machine section missing": drop("machine"),
  "cluster section missing": drop("cluster"),
  "endpoint missing": drop("cluster.controlPlane.endpoint"),
  "controlPlane missing": drop("cluster.controlPlane"),
  "endpoint without scheme": set("cluster.controlPlane.endpoint", "10.5.0.2:6443"),
  "endpoint not a URL": set("cluster.controlPlane.endpoint", "nope"),
  "endpoint http": set("cluster.controlPlane.endpoint", "http://10.5.0.2:6443"),
  "endpoint bad host": set("cluster.controlPlane.endpoint", "https://a_b!:6443"),
  "machine.ca missing": drop("machine.ca"),
  "machine.ca.key missing on control plane": set("machine.ca.key", ""),
  "machine.ca.crt not base64": set("machine.ca.crt", "!!!"),
  "machine.ca.crt base64 of garbage": set("machine.ca.crt", "aGVsbG8="),
  "machine.token missing": drop("machine.token"),
  "cluster.ca missing": drop("cluster.ca"),
  "cluster.token missing": drop("cluster.token"),
  "cluster.id and secret missing": drop("cluster.id", "cluster.secret"),
  "cluster.etcd.ca missing": drop("cluster.etcd.ca"),
  "cluster.secretboxEncryptionSecret missing": drop("cluster.secretboxEncryptionSecret"),
  "cluster.aggregatorCA missing": drop("cluster.aggregatorCA"),
  "cluster.serviceAccount missing": drop("cluster.serviceAccount"),
  "persist: false": set("persist", false),
  "kubelet image outside the supported range": set("machine.kubelet.image", "ghcr.io/siderolabs/kubelet:v1.10.0"),
  "apiserver image too new": set("cluster.apiServer.image", "registry.k8s.io/kube-apiserver:v1.99.0"),
  "kubelet image not a reference": set("machine.kubelet.image", ":::"),
  "invalid pod subnet": set("cluster.network.podSubnets", ["10.244.0.0/99"]),
  "invalid node label": edited((doc) => doc.setIn(["machine", "nodeLabels"], { [KEY]: "x" })),
  "VIP on interface + bad interface": set("machine.network", { interfaces: [{ vip: { ip: "10.5.0.9" } }] }),
  "$patch: delete inside an applied config": set("machine.network", { $patch: "delete" }),
  "several errors at once": (base) =>
    set("cluster.controlPlane.endpoint", "10.5.0.2:6443")(drop("machine.type", "machine.ca")(base)),
  "worker config with CA keys": (base) =>
    edited((doc) => {
      for (const key of ["etcd", "apiServer", "aggregatorCA", "serviceAccount"]) doc.deleteIn(["cluster", key]);
      doc.setIn(["machine", "type"], "worker");
      doc.setIn(["machine", "ca", "key"], caKeyOf("os"));
      doc.setIn(["cluster", "ca", "key"], caKeyOf("k8s"));
    })(base),
  "duplicate document (HostnameConfig twice)": append("kind: HostnameConfig\nauto: stable"),
  "duplicate document (same RegistryMirrorConfig name)": (base) =>
    append(MIRROR("ghcr.io"))(append(MIRROR("ghcr.io"))(base)),
  "duplicate v1alpha1 document": (base) => `${base}---\nversion: v1alpha1\nmachine: {type: worker}\ncluster: {}\n`,
  "HostnameConfig auto and hostname": (base) => base.replace(/auto: .*/, "auto: stable"),
  "RegistryMirrorConfig bad url": append("kind: RegistryMirrorConfig\nname: quay.io\nendpoints:\n    - url: quay.io"),
  "RegistryMirrorConfig without name": append(
    "kind: RegistryMirrorConfig\nendpoints:\n    - url: http://10.5.0.1:5000",
  ),
  "LinkConfig unknown NIC (valid)": append("kind: LinkConfig\nname: enp99s9\nup: true"),
  "JSON instead of YAML": (base) => JSON.stringify(parseAllDocuments(base)[0]?.toJS()),
  "CRLF line ends": (base) => base.replaceAll("\n", "\r\n"),
  "UTF-8 BOM": (base) => `\uFEFF${base}`,
  "5 MiB of comments + valid": (base) => `${"# comment\n".repeat(524_288)}${base}`,
  "mode number 7, dry_run": same,
  "valid, dry_run, mode REBOOT": same,
  "valid, dry_run, mode AUTO": same,
  "valid, dry_run, mode NO_REBOOT": same,
  "valid, dry_run, mode STAGED": same,
  "valid, dry_run, mode TRY": same,
  "partial config (HostnameConfig only), dry_run": just("apiVersion: v1alpha1\nkind: HostnameConfig\nhostname: part1"),
  "two at once, second": same,
  "two at once, first": same,
  "message of 33554402 data bytes (comments)": just(`${"# comment\n".repeat(3_355_440)}##`),
  "message larger than 32 MiB (33554442 data bytes)": just(`${"# comment\n".repeat(3_355_444)}##`),
};

/** Recorded on a configured node, dry runs without a change of state. */
export const runningCases: Readonly<Record<string, Build>> = {
  "empty data": just(""),
  "unknown document kind": just("apiVersion: v1alpha1\nkind: NopeConfig"),
  "config without the v1alpha1 document": just("apiVersion: v1alpha1\nkind: HostnameConfig\nhostname: x"),
  "same config, dry_run, REBOOT": same,
  "same config, dry_run, AUTO": same,
  "same config, dry_run, NO_REBOOT": same,
  "same config, dry_run, STAGED": same,
  "same config, dry_run, TRY": same,
  ...Object.fromEntries(
    ["REBOOT", "AUTO", "NO_REBOOT", "STAGED", "TRY"].flatMap((mode) => [
      [`change needing no reboot (machine.nodeLabels), dry_run, ${mode}`, set("machine.nodeLabels", { x: "a" })],
      [`change needing a reboot (machine.env), dry_run, ${mode}`, set("machine.env", { DEMO: "a" })],
    ]),
  ),
  "AUTO dry_run, change of machine.env": set("machine.env", { DEMO: "a" }),
  "AUTO dry_run, change of machine.token": set("machine.token", "abcdef.0123456789abcdef"),
  "AUTO dry_run, change of machine.files": set("machine.files", [
    { content: "x", permissions: 420, path: "/var/x", op: "create" },
  ]),
  "AUTO dry_run, change of machine.sysctls": set("machine.sysctls", { "net.ipv4.ip_forward": "1" }),
  "AUTO dry_run, change of machine.certSANs": set("machine.certSANs", ["x"]),
  "AUTO dry_run, change of machine.install.image": set("machine.install.image", "ghcr.io/siderolabs/installer:v1.13.8"),
  "AUTO dry_run, change of machine.features.diskQuotaSupport": set("machine.features.diskQuotaSupport", false),
  "AUTO dry_run, change of machine.features.kubePrism.port": set("machine.features.kubePrism.port", 7446),
  "AUTO dry_run, change of machine.kubelet.extraArgs": set("machine.kubelet.extraArgs", { v: "2" }),
  "AUTO dry_run, change of machine.network.nameservers": set("machine.network", { nameservers: ["10.5.0.1"] }),
  "AUTO dry_run, change of cluster.controlPlane.endpoint": set(
    "cluster.controlPlane.endpoint",
    "https://10.5.0.3:6443",
  ),
  "AUTO dry_run, change of cluster.id": set("cluster.id", "x"),
  "AUTO dry_run, change of cluster.apiServer.image": set(
    "cluster.apiServer.image",
    "registry.k8s.io/kube-apiserver:v1.36.2",
  ),
  "AUTO dry_run, change of debug": set("debug", true),
  "AUTO dry_run, change of machine.udev": set("machine.udev", { rules: ["x"] }),
  "AUTO dry_run, change of machine.registries": set("machine.registries", {
    mirrors: { "quay.io": { endpoints: ["http://10.5.0.1:5000"] } },
  }),
  "change of a separate document only (HostnameConfig hostname), dry_run AUTO": (base) =>
    base.replace("hostname: cp-1", "hostname: cp-9"),
  "added document (RegistryMirrorConfig quay.io), dry_run NO_REBOOT": append(MIRROR("quay.io")),
};
