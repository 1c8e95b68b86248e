import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { kubeconfigFits } from "../../../src/journeys/kubeconfig-fits.ts";
import { testAuthority } from "../../support/authority.ts";

const authority = testAuthority();
const { cert } = authority.server();
const endMs = new X509Certificate(cert).validToDate.getTime();
const day = 24 * 3600 * 1000;
const base64 = (text: string) => Buffer.from(text).toString("base64");

const server = "https://10.5.0.100:6443";
const kubeconfig = (
  change: { readonly server?: string; readonly ca?: string; readonly crt?: string } = {},
) => `clusters:
  - cluster: {server: "${change.server ?? server}", certificate-authority-data: ${base64(change.ca ?? authority.ca)}}
users:
  - user: {client-certificate-data: ${base64(change.crt ?? cert)}, client-key-data: AAAA}
`;
const fits = (text: string, { endpoint = "10.5.0.100", daysLeft = 31 } = {}) =>
  kubeconfigFits(text, { endpoint, authorityPem: authority.ca, now: new Date(endMs - daysLeft * day) });

describe("kubeconfigFits()", () => {
  it("keeps one of the same endpoint and authority with more than thirty days to go", () => {
    expect(fits(kubeconfig())).toBe(true);
    expect(fits(kubeconfig({ server: "https://[fd00::1]:6443" }), { endpoint: "fd00::1" })).toBe(true);
    expect(fits(kubeconfig({ ca: `${authority.ca}\n` }))).toBe(true);
  });

  it.each([
    ["another endpoint", kubeconfig({ server: "https://10.5.0.2:6443" }), {}],
    ["another authority", kubeconfig({ ca: testAuthority().ca }), {}],
    ["less than thirty days to go", kubeconfig(), { daysLeft: 29 }],
    ["an end in the past", kubeconfig(), { daysLeft: -1 }],
    ["a certificate that is none", kubeconfig({ crt: "nonsense" }), {}],
    ["a server that is no URL", kubeconfig({ server: "10.5.0.100" }), {}],
    ["no cluster", "clusters: []\nusers: []\n", {}],
    ["an alias", "clusters: &a []\nusers: *a\n", {}],
    ["no YAML", "clusters: [", {}],
    ["nothing", "", {}],
  ])("does not keep one with %s", (_what, text, options) => {
    expect(fits(text, options)).toBe(false);
  });
});
