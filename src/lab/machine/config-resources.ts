import type { AppliedConfig } from "../interior.ts";
import type { ResourceStore } from "./resource-store.ts";
import { asRecord, textOf } from "./values.ts";

/** What the node shows of a config that came into force. */
export function publishConfig(
  resources: ResourceStore,
  config: AppliedConfig,
  { persistent }: { readonly persistent: boolean },
): void {
  resources.set("machineType", "machine-type", config.role);
  publishConfigText(resources, "v1alpha1", config.text);
  if (persistent) publishConfigText(resources, "persistent", config.text);
  resources.set("registryConfig", "registries", registriesSpec(config));
  resources.set("osRootSecret", "os", rootSecretSpec(config));
}

/** `v1alpha1` is in force, `persistent` is on the disk; applying the same again counts. */
export function publishConfigText(resources: ResourceStore, id: "v1alpha1" | "persistent", text: string): void {
  resources.set("machineConfig", id, text, { always: true, annotations: { "talos.dev/yaml-spec": "1" } });
}

function registriesSpec({ documents }: AppliedConfig): Readonly<Record<string, unknown>> {
  const named = (kind: string) =>
    documents.filter((document) => document["kind"] === kind && textOf(document["name"]) !== undefined);
  const mirrors = named("RegistryMirrorConfig").map(({ name, endpoints, skipFallback }) => [
    name,
    {
      endpoints: (Array.isArray(endpoints) ? endpoints : []).map((endpoint) => ({
        endpoint: asRecord(endpoint)["url"],
        overridePath: asRecord(endpoint)["overridePath"] === true,
      })),
      skipFallback: skipFallback === true,
    },
  ]);
  const tls = named("RegistryTLSConfig").map(({ name, ca }) => [
    name,
    { tlsCA: Buffer.from(textOf(ca) ?? "").toString("base64") },
  ]);
  return { mirrors: Object.fromEntries(mirrors), ...(tls.length > 0 && { tls: Object.fromEntries(tls) }) };
}

function rootSecretSpec({ v1alpha1 }: AppliedConfig): Readonly<Record<string, unknown>> {
  const machine = asRecord(v1alpha1["machine"]);
  const ca = asRecord(machine["ca"]);
  return {
    issuingCA: { crt: ca["crt"] ?? "", key: ca["key"] ?? "" },
    acceptedCAs: [{ crt: ca["crt"] ?? "" }],
    certSANIPs: [],
    certSANDNSNames: [],
    token: machine["token"] ?? "",
  };
}
