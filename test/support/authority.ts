import { randomBytes } from "node:crypto";
import { issueAuthority, issueLeaf } from "../../src/lib/x509/index.ts";

export interface TestAuthority {
  readonly ca: string;
  /** PEM of a server for these addresses and names. */
  readonly server: (names?: { readonly ipAddresses?: readonly string[]; readonly dnsNames?: readonly string[] }) => {
    readonly cert: string;
    readonly key: string;
  };
}

/** A CA of its own for servers on loopback, valid for a day around now. */
export function testAuthority(): TestAuthority {
  const day = 86_400_000;
  const validity = {
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + day),
    key: "p256",
  } as const;
  const authority = issueAuthority({ ...validity, subject: { commonName: "test" } }, { random: randomBytes });
  return {
    ca: authority.certificatePem,
    server: (names = { ipAddresses: ["127.0.0.1"] }) => {
      const leaf = issueLeaf(
        authority,
        {
          ...validity,
          ...names,
          subject: { commonName: "registry" },
          keyUsage: ["digitalSignature"],
          extendedKeyUsage: ["serverAuth"],
        },
        { random: randomBytes },
      );
      return { cert: leaf.certificatePem, key: leaf.keyPem };
    },
  };
}
