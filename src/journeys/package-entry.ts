import { resolve } from "node:path";
import type { DeployOptions, PackageRequest, VariableLayer } from "../deployer/index.ts";
import { readTextFile } from "../lib/files.ts";
import { readSecretVariables, type Site } from "../site/index.ts";

type Entry = Site["packages"][number];

const valuesLimitBytes = 4 * 1024 * 1024;

/**
 * What a site says of a package: its variables, secrets and values, and which of its components are taken.
 *
 * @param options.identityFile - opens secrets that are encrypted with age
 * @throws OperatorError FILE_UNREADABLE, SECRET_VARIABLES_…
 */
export async function packageEntry(
  site: Site,
  entry: Entry,
  options: { readonly identityFile?: string | undefined } = {},
): Promise<Pick<PackageRequest, "variables" | "values"> & { readonly options: DeployOptions }> {
  const secretsFile = entry.secretsFrom === undefined ? undefined : resolve(site.folder, entry.secretsFrom);
  const secrets = secretsFile === undefined ? {} : await readSecretVariables(secretsFile, options);
  const variables: VariableLayer[] = [
    ...(secretsFile === undefined
      ? []
      : [{ origin: { kind: "secrets" as const, file: secretsFile }, values: secrets, isForThisPackage: true }]),
    { origin: { kind: "config", file: site.file }, values: entry.variables, isForThisPackage: true },
  ];
  const files = entry.values.map((name) => resolve(site.folder, name));
  return {
    variables,
    values: {
      files: await Promise.all(
        files.map(async (name) => ({ name, yaml: await readTextFile(name, { sizeLimitBytes: valuesLimitBytes }) })),
      ),
      assignments: {},
    },
    options: {
      components: entry.components,
      ...(entry.namespace === undefined ? {} : { namespace: entry.namespace }),
    },
  };
}
