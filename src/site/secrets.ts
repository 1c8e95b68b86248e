import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { OperatorError } from "../lib/errors/index.ts";
import { readTextFile, writeFileWhole } from "../lib/files.ts";
import { emitYaml, parseYamlDocument } from "../lib/yaml/index.ts";
import type { Site } from "./site.ts";

const Pair = z.strictObject({ crt: z.string().min(1), key: z.string().min(1) });

const SiteSecretsFile = z.strictObject({
  apiVersion: z.literal("skerry.dev/v1alpha1"),
  kind: z.literal("SiteSecrets"),
  ca: Pair,
});

/** Skerry's own secrets of a site: the certificate authority of the mirror and the registry, PEM. */
export interface SiteSecrets {
  readonly ca: { readonly crt: string; readonly key: string };
}

const MAX_SECRETS_BYTES = 256 * 1024;

/** Where a site's Talos secrets live (the file that talosctl reads and writes too). */
export function talosSecretsFile(site: Pick<Site, "folder">): string {
  return join(site.folder, "secrets.yaml");
}

function siteSecretsFile(site: Pick<Site, "folder">): string {
  return join(site.folder, "site-secrets.yaml");
}

/** The text of secrets.yaml, or undefined where none was made yet. */
export async function readTalosSecrets(site: Pick<Site, "folder">): Promise<string | undefined> {
  const file = talosSecretsFile(site);
  return existsSync(file) ? await readTextFile(file, { sizeLimitBytes: MAX_SECRETS_BYTES }) : undefined;
}

/** Site secrets, or undefined where none were made yet. */
export async function readSiteSecrets(site: Pick<Site, "folder">): Promise<SiteSecrets | undefined> {
  const file = siteSecretsFile(site);
  if (!existsSync(file)) return undefined;
  const text = await readTextFile(file, { sizeLimitBytes: MAX_SECRETS_BYTES });
  return parseYamlDocument(text, { file, schema: SiteSecretsFile }).value;
}

/** Writes secrets.yaml, 0600; refuses to replace one that is there. */
export async function saveTalosSecrets(site: Pick<Site, "folder">, text: string): Promise<void> {
  await createOnce(talosSecretsFile(site), text);
}

/** Writes site-secrets.yaml, 0600; refuses to replace one that is there. */
export async function saveSiteSecrets(site: Pick<Site, "folder">, secrets: SiteSecrets): Promise<void> {
  const text = emitYaml({ apiVersion: "skerry.dev/v1alpha1", kind: "SiteSecrets", ca: secrets.ca });
  await createOnce(
    siteSecretsFile(site),
    `# Secrets of this site's registry and mirror. Keep it; it cannot be made again.\n${text}`,
  );
}

async function createOnce(file: string, text: string): Promise<void> {
  if (existsSync(file)) {
    throw new OperatorError("SITE_SECRETS_EXIST", `${file} is there already and is never replaced`, {
      where: { file },
      next: ["run the command again: it uses the secrets that are there"],
      retry: "same",
    });
  }
  await writeFileWhole(file, text, { mode: 0o600 });
}
