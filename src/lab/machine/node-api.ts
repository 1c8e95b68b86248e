import type { CertificateAndKey } from "../../lib/x509/index.ts";
import { issueMaintenanceServer, issueNodeServer } from "../../talos/pki/index.ts";
import type { AppliedConfig } from "../interior.ts";
import { authoritiesOf, certSansOf } from "./active-config.ts";
import type { BootPorts } from "./boot-ports.ts";
import { certificatesIn } from "./leaf.ts";
import type { ApiIdentity } from "./listener.ts";

/** Which of its two identities the API of one boot has: anonymous in maintenance, a member of the cluster afterwards. */
export class NodeApi {
  readonly #ports: BootPorts;
  readonly #nodeName: () => string;

  constructor(ports: BootPorts, nodeName: () => string) {
    this.#ports = ports;
    this.#nodeName = nodeName;
  }

  /** Listens without asking for certificates. */
  async openMaintenance(): Promise<void> {
    await this.#ports.listener.open(this.#maintenanceIdentity());
    this.#ports.listening();
  }

  /** The node's name changed: it shows a new certificate. */
  renewMaintenance(): void {
    this.#ports.listener.replaceLeaf(this.#maintenanceIdentity());
  }

  /** Lets the unauthenticated API finish, then listens as a member of the cluster. */
  async switchTo(config: AppliedConfig, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { listener, options } = this.#ports;
    await listener.drain(options.timings.drainMs, { signal });
    await options.clock.sleep(options.timings.listenGapMs, { signal }).catch(() => undefined);
    await this.openConfigured(config, { signal });
  }

  /** Listens with mutual TLS once there is a certificate; on a worker a control plane has to sign it first. */
  async openConfigured(config: AppliedConfig, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { listener, listening, trust } = this.#ports;
    const { certificatePem, keyPem } = authoritiesOf(config.v1alpha1);
    // A config whose authority does not parse leaves the node without an API, as on a real one.
    if (certificatesIn(certificatePem).length === 0) return;
    const authority =
      keyPem === ""
        ? await trust.request(certificatePem, { signal }).catch(() => undefined)
        : { certificatePem, keyPem };
    if (authority === undefined || signal.aborted) return;
    await listener.open(this.#configuredIdentity(config, authority));
    listening();
  }

  #maintenanceIdentity(): ApiIdentity {
    const { options, addApi } = this.#ports;
    const names = { hostname: this.#nodeName(), addresses: [options.address] };
    return {
      leaf: () => issueMaintenanceServer(names, options),
      clientAuthorities: undefined,
      addServices: (server, rolesOf) => addApi(server, { access: "maintenance", rolesOf }),
    };
  }

  #configuredIdentity(config: AppliedConfig, authority: CertificateAndKey): ApiIdentity {
    const { options, addApi } = this.#ports;
    const certSANs = certSansOf(config.v1alpha1);
    const names = { hostname: this.#nodeName(), addresses: [options.address], certSANs };
    const { certificatePem, acceptedPem } = authoritiesOf(config.v1alpha1);
    return {
      leaf: () => issueNodeServer(authority, names, options),
      clientAuthorities: certificatesIn(`${certificatePem}\n${acceptedPem}`),
      addServices: (server, rolesOf) => addApi(server, { access: "configured", rolesOf }),
    };
  }
}
