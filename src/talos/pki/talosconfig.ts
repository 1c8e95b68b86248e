import type { CertificateAndKey } from "../../lib/x509/index.ts";
import { emitTalosYaml } from "../emit-yaml.ts";
import { toBase64Pem } from "./base64-pem.ts";

export interface TalosconfigInput {
  /** Name of the only context; talosctl uses the cluster's name. */
  readonly context: string;
  /** Addresses to dial, with or without a port; default port 50000. */
  readonly endpoints: readonly string[];
  /** Nodes that talosctl speaks to when it is given none. */
  readonly nodes?: readonly string[];
  readonly authorityPem: string;
  readonly client: CertificateAndKey;
}

/** The text of a talosconfig with one context, as talosctl reads it. Must go to a file of mode 0600. */
export function writeTalosconfig({ context, endpoints, nodes, authorityPem, client }: TalosconfigInput): string {
  return emitTalosYaml({
    context,
    contexts: {
      [context]: {
        endpoints,
        ...(nodes === undefined || nodes.length === 0 ? {} : { nodes }),
        ca: toBase64Pem(authorityPem),
        crt: toBase64Pem(client.certificatePem),
        key: toBase64Pem(client.keyPem),
      },
    },
  });
}
