import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readSecrets, type SecretsBundle } from "../../../src/talos/pki/index.ts";

/** Secrets of a cluster that does not exist, made once: an RSA key takes seconds. Valid from 2026 for ten years. */
export const testSecretsYaml: string = readFileSync(
  join(import.meta.dirname, "../../fixtures/talos/secrets.yaml"),
  "utf8",
);

export function testSecrets(): SecretsBundle {
  return readSecrets(testSecretsYaml, { file: "secrets.yaml" });
}
