import { resolve } from "node:path";
import type { DeployOptions, PackageRequest, VariableLayer } from "../deployer/index.ts";
import type { Site } from "../site/index.ts";
import type { JourneyPorts, ReadText } from "./ports.ts";

type Entry = Site["packages"][number];

/**
 * What a site says of a package: its variables, secrets and values, and which of its components are taken.
 *
 * @param options.identityFile - opens secrets that are encrypted with age
 * @throws OperatorError FILE_UNREADABLE, SECRET_VARIABLES_…
 */
export async function packageEntry(
  site: Site,
  entry: Entry,
  options: {
    readonly identityFile?: string | undefined;
    readonly readText: ReadText;
    readonly readSecrets: JourneyPorts["readSecrets"];
  },
): Promise<Pick<PackageRequest, "variables" | "values"> & { readonly options: DeployOptions }> {
  const secretsFile = entry.secretsFrom === undefined ? undefined : resolve(site.folder, entry.secretsFrom);
  const secrets = secretsFile === undefined ? {} : await options.readSecrets(secretsFile, options);
  const variables: VariableLayer[] = [
    ...(secretsFile === undefined
      ? []
      : [{ origin: { kind: "secrets" as const, file: secretsFile }, values: secrets, isForThisPackage: true }]),
    { origin: { kind: "site", file: site.file }, values: entry.variables, isForThisPackage: true },
  ];
  const files = entry.values.map((name) => resolve(site.folder, name));
  return {
    variables,
    values: {
      files: await Promise.all(files.map(async (name) => ({ name, yaml: await options.readText(name) }))),
      assignments: {},
    },
    options: {
      components: entry.components,
      ...(entry.namespace === undefined ? {} : { namespace: entry.namespace }),
    },
  };
}
