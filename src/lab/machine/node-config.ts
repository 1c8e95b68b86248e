import type { AppliedConfig } from "../interior.ts";
import { hostnameFrom } from "./active-config.ts";
import { publishConfig } from "./config-resources.ts";
import type { ResourceStore } from "./resource-store.ts";

/** The config that is in force in one boot, whole or partial, and what the node calls itself because of it. */
export class NodeConfig {
  readonly #resources: ResourceStore;
  readonly #uuid: string;
  readonly #address: string;
  #whole: AppliedConfig | undefined;
  #partial: { readonly text: string; readonly documents: AppliedConfig["documents"] } | undefined;

  constructor(resources: ResourceStore, { uuid, address }: { readonly uuid: string; readonly address: string }) {
    this.#resources = resources;
    this.#uuid = uuid;
    this.#address = address;
  }

  /** undefined in maintenance. */
  get whole(): AppliedConfig | undefined {
    return this.#whole;
  }

  /** The text in force, which in maintenance may be a partial one; "" for none. */
  get text(): string {
    return this.#whole?.text ?? this.#partial?.text ?? "";
  }

  get partialDocuments(): AppliedConfig["documents"] {
    return this.#partial?.documents ?? [];
  }

  get nodeName(): string {
    return hostnameFrom(this.#whole?.documents ?? this.partialDocuments, this.#whole?.v1alpha1, this.#uuid);
  }

  take(config: AppliedConfig, { persistent }: { readonly persistent: boolean }): void {
    this.#whole = config;
    publishConfig(this.#resources, config, { persistent });
    this.publishName();
  }

  takePartial(text: string, documents: AppliedConfig["documents"]): void {
    this.#partial = text === "" ? undefined : { text, documents };
    this.publishName();
  }

  /** Name, addresses and that the network is ready, as far as one asks. */
  publishName(): void {
    const hostname = this.nodeName;
    this.#resources.set("hostnameStatus", "hostname", { hostname, domainname: "" });
    for (const id of ["current", "default", "routed", "accumulative"])
      this.#resources.set("nodeAddress", id, { addresses: [`${this.#address}/24`], sortAlgorithm: "v1" });
    this.#resources.set("networkStatus", "status", {
      addressReady: true,
      connectivityReady: true,
      hostnameReady: true,
      etcFilesReady: true,
    });
    if (this.#whole !== undefined)
      this.#resources.set("nodename", "nodename", {
        nodename: hostname,
        hostnameVersion: "1",
        skipNodeRegistration: false,
      });
  }
}
