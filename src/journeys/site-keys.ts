import { randomBytes } from "node:crypto";
import type { Clock } from "../lib/clock.ts";
import { OperatorError } from "../lib/errors/index.ts";
import { type CertificateAndKey, issueAuthority, issueLeaf } from "../lib/x509/index.ts";
import {
  readSiteSecrets,
  readTalosSecrets,
  type Site,
  saveSiteSecrets,
  saveTalosSecrets,
  talosSecretsFile,
} from "../site/index.ts";
import { issueTalosClient, mintSecrets, readSecrets, type SecretsBundle, writeSecrets } from "../talos/pki/index.ts";

/** Everything secret of a site, in memory only. */
export interface SiteKeys {
  readonly talos: SecretsBundle;
  /** The site's own CA: signs the mirror's and later the registry's certificate. */
  readonly siteCa: CertificateAndKey;
  /** Who we are to configured nodes: an os:admin minted for this run from the Talos CA. */
  readonly admin: { readonly ca: string; readonly crt: string; readonly key: string };
  /** Which of the two files beside site.yaml hold this already. */
  readonly kept: { readonly talos: boolean; readonly site: boolean };
}

const yearMs = 365 * 24 * 3600 * 1000;
/** Nodes whose clocks are somewhat behind must still find our certificates valid. */
const backdateMs = 24 * 3600 * 1000;

/**
 * The site's secrets from the files beside site.yaml; undefined where none were made yet. Reads only: where secrets.yaml came from
 * talosctl and our own file is still to be made, its part is in memory and `kept.site` is false.
 *
 * @throws OperatorError SITE_SECRETS_MISSING where only one of the two files is there
 */
export async function loadSiteKeys(site: Site, clock: Clock): Promise<SiteKeys | undefined> {
  const [talosText, own] = await Promise.all([readTalosSecrets(site), readSiteSecrets(site)]);
  if (talosText === undefined && own === undefined) return undefined;
  if (talosText === undefined) {
    throw new OperatorError(
      "SITE_SECRETS_MISSING",
      `site-secrets.yaml is there, but ${talosSecretsFile(site)} is not`,
      {
        where: { file: talosSecretsFile(site) },
        next: ["put secrets.yaml back beside site.yaml: a cluster cannot be reached without it"],
      },
    );
  }
  const talos = readSecrets(talosText, { file: talosSecretsFile(site) });
  const siteCa = own === undefined ? mintSiteCa(clock) : { certificatePem: own.ca.crt, keyPem: own.ca.key };
  return withAdminOf(talos, siteCa, { clock, kept: { talos: true, site: own !== undefined } });
}

/** New secrets, in memory; nothing is written. Takes about a second (an RSA-4096 key). */
export async function mintSiteKeys(clock: Clock, options: Parameters<typeof mintSecrets>[1] = {}): Promise<SiteKeys> {
  const talos = await mintSecrets({ clock, random: randomBytes }, options);
  return withAdminOf(talos, mintSiteCa(clock), { clock, kept: { talos: false, site: false } });
}

/**
 * Writes those of secrets.yaml and site-secrets.yaml that are not there yet, 0600. secrets.yaml first: a run that is killed in between
 * finds what cannot be made again, and makes the rest.
 */
export async function saveSiteKeys(site: Site, keys: SiteKeys): Promise<void> {
  if (!keys.kept.talos) await saveTalosSecrets(site, writeSecrets(keys.talos));
  if (!keys.kept.site) {
    await saveSiteSecrets(site, { ca: { crt: keys.siteCa.certificatePem, key: keys.siteCa.keyPem } });
  }
}

/** TLS identity of the laptop mirror at `address`, for a year, from the site's CA. */
export function mirrorCertificate(
  keys: SiteKeys,
  address: string,
  clock: Clock,
): { readonly cert: string; readonly key: string } {
  const nowMs = clock.now().getTime();
  const leaf = issueLeaf(
    keys.siteCa,
    {
      subject: { commonName: "skerry mirror" },
      key: "p256",
      notBefore: new Date(nowMs - backdateMs),
      notAfter: new Date(nowMs + yearMs),
      keyUsage: ["digitalSignature"],
      extendedKeyUsage: ["serverAuth"],
      ipAddresses: [address],
    },
    { random: randomBytes },
  );
  return { cert: leaf.certificatePem, key: leaf.keyPem };
}

function mintSiteCa(clock: Clock): CertificateAndKey {
  const nowMs = clock.now().getTime();
  return issueAuthority(
    {
      subject: { commonName: "skerry site CA" },
      key: "p256",
      notBefore: new Date(nowMs - backdateMs),
      notAfter: new Date(nowMs + 10 * yearMs),
    },
    { random: randomBytes },
  );
}

function withAdminOf(
  talos: SecretsBundle,
  siteCa: CertificateAndKey,
  { clock, kept }: { readonly clock: Clock; readonly kept: SiteKeys["kept"] },
): SiteKeys {
  const client = issueTalosClient(talos.certs.os, {}, { clock, random: randomBytes });
  const admin = { ca: talos.certs.os.certificatePem, crt: client.certificatePem, key: client.keyPem };
  return { talos, siteCa, admin, kept };
}
