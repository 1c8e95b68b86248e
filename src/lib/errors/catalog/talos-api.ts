import type { CatalogPage } from "../catalog-page.ts";

/** Error codes of one call to one node. */
export const talosApiErrors = {
  NODE_UNREACHABLE: {
    exit: 4,
    doc: "Nothing answers at the node's address, or the connection broke. A node that installs or reboots is unreachable for a while; one that stays so has no power, no cable or another address. Nothing was undone; running again goes on.",
  },
  NODE_REFUSED_IDENTITY: {
    exit: 5,
    doc: "The node ended the TLS handshake because of our certificate: the secrets beside site.yaml are not those of this cluster, or the certificate is outside its time on the node's clock. Nothing was changed.",
  },
  NODE_IN_OTHER_CLUSTER: {
    exit: 7,
    doc: "The node is configured, and its certificate was issued by another CA than this site's. Its address may belong to another machine, or it must be reset before it can join. Nothing was sent to it.",
  },
  NODE_IN_MAINTENANCE: {
    exit: 7,
    doc: "The node has booted without a config and waits for one, where a configured node was expected. It may have been reset, or the config has not been applied yet.",
  },
  NODE_NOT_IN_MAINTENANCE: {
    exit: 7,
    doc: "The node has a config already, where one that waits for its first config was expected. Nothing was sent to it.",
  },
  NODE_FINGERPRINT_MISMATCH: {
    exit: 6,
    doc: "The certificate that the node shows in maintenance is not one of those pinned in site.yaml. Another machine may answer at this address, or the node booted again, which makes a new certificate; compare with its console. No byte of a config was sent.",
  },
  NODE_CERTIFICATE_NOT_NOW: {
    exit: 7,
    doc: "The node's certificate is from this site's CA but is not valid at this moment, so the clock of the node or of this machine is wrong. Set the clock and run again.",
  },
  NODE_CERTIFICATE_ADDRESS: {
    exit: 7,
    doc: "The node's certificate is from this site's CA but does not name the address that was dialled: two nodes may have changed places, or the address is translated on the way and is missing in machine.certSANs.",
  },
  NODE_PERMISSION_DENIED: {
    exit: 5,
    doc: "The node knows us but our role may not make this call, or its Talos version does not have the resource that was asked for. Nothing was changed.",
  },
  TALOS_CONFIG_REJECTED: {
    exit: 3,
    doc: "Talos refused a machine config: it does not parse, has unknown keys, fails validation or cannot be applied in the mode that was asked for. Talos' own words are shown with secrets taken out; the node keeps what it had.",
  },
  NODE_BUSY: {
    exit: 7,
    doc: "The node cannot do this yet: another apply is under way, it is about to reboot, its time is not in sync, or a service that is needed has not started. Running again later helps.",
  },
  NODE_UNIMPLEMENTED: {
    exit: 7,
    doc: "The node's Talos version, role or state does not offer this call; for example Bootstrap on a worker. Nothing was changed.",
  },
  NODE_NOT_FOUND: {
    exit: 7,
    doc: "The node does not have the thing that was asked for, for example an image that none of its registry mirrors has.",
  },
  NODE_CALL_FAILED: {
    exit: 7,
    doc: "The node tried and failed; its own words are in the message. Most failures inside Talos arrive this way, because it gives them no code of their own.",
  },
  NODE_ANSWER_INVALID: {
    exit: 7,
    doc: "The node answered with something that cannot be read: a resource of another shape, or an archive that is damaged or beyond its size limit.",
  },
} as const satisfies CatalogPage;
