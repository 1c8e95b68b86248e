import { join, resolve } from "node:path";
import { type Bundle, openBundle } from "../../bundle/index.ts";
import {
  type DeclaredVariable,
  type DeployOptions,
  environmentLayers,
  findDeployConfig,
  parseAssignments,
  readPackageKey,
  type SelectionQuestions,
  type VariableLayer,
} from "../../deployer/index.ts";
import { readTextFile } from "../../lib/files.ts";
import { loadSite, readSecretVariables, type Site } from "../../site/index.ts";
import { packageEntry } from "../package-entry.ts";
import { realPorts } from "../real-ports.ts";
import { readKeys, trustOf } from "../trusted-keys.ts";
import type { JourneyWorld } from "../world.ts";
import type { DeployContext } from "./context.ts";
import { openSource } from "./open-source.ts";
import { reachCluster } from "./reach-cluster.ts";
import { workplaceFor } from "./workplace-for.ts";

/** What a person typed, with paths made absolute. */
export interface DeploymentInputs {
  /** A file, a folder, `oci://…`, or the name of a package in the bundle. */
  readonly named: string;
  readonly workingFolder: string;
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly kubeconfigFile?: string | undefined;
  readonly site?:
    | { readonly siteFile: string; readonly bundleFile: string | undefined; readonly stateFolder: string }
    | undefined;
  /** Public keys that may have signed the package. */
  readonly keyFiles: readonly string[];
  readonly allowUnsigned: boolean;
  /** `--set NAME=VALUE` */
  readonly set: readonly string[];
  readonly secretsFile?: string | undefined;
  readonly identityFile?: string | undefined;
  readonly valuesFiles: readonly string[];
  /** `--set-values PATH=VALUE` */
  readonly setValues: readonly string[];
  readonly options: DeployOptions;
  /** Absent: nobody can be asked. */
  readonly questions?: SelectionQuestions | undefined;
  readonly prompt?: ((variable: DeclaredVariable) => Promise<string>) | undefined;
  /** How this program is started, for what it stands in for. */
  readonly self: readonly string[];
}

export interface OpenDeployment {
  readonly context: Omit<DeployContext, "found">;
  /** Of a package that lies in a bundle, with its site: the mirror is served while it is deployed. */
  readonly served?: { readonly site: Site; readonly bundle: Bundle; readonly stateFolder: string };
  readonly close: () => Promise<void>;
}

const textLimitBytes = 4 * 1024 * 1024;

/**
 * Opens everything that a deployment needs: the package, checked; the cluster; what was given. Close it at the end.
 *
 * @throws OperatorError DEPLOY_…, PACKAGE_…, SECRET_VARIABLES_…, KUBECONFIG_INVALID, FILE_UNREADABLE
 */
export async function openDeployment(inputs: DeploymentInputs, world: JourneyWorld): Promise<OpenDeployment> {
  const site = inputs.site === undefined ? undefined : await loadSite(inputs.site.siteFile);
  const siteTrust = site === undefined ? { keys: [], allowUnsigned: false } : await trustOf(site);
  const keys = [...(await readKeys(inputs.keyFiles)), ...siteTrust.keys].map(readPackageKey);
  const trust = { keys, allowUnsigned: inputs.allowUnsigned || siteTrust.allowUnsigned === true };
  const openIts = await openSiteBundle(inputs, world);
  const reached = await reachCluster({ kubeconfigFile: inputs.kubeconfigFile, stateFolder: inputs.site?.stateFolder });
  try {
    const { notice, signal } = world;
    const source = await openSource({ ...inputs, bundle: openIts, trust, notice, signal });
    const { pkg, bundle } = source;
    const context: OpenDeployment["context"] = {
      pkg,
      subject: site?.name ?? reached?.cluster.server ?? "this machine",
      request: {
        cluster: reached?.cluster,
        ...(reached === undefined ? {} : { streams: reached.streams }),
        ...(await givenTo(inputs, site, pkg.name)),
        ...(inputs.questions === undefined ? {} : { questions: inputs.questions }),
        ...(inputs.prompt === undefined ? {} : { prompt: inputs.prompt }),
        workplace: workplaceFor({ kubeconfig: reached?.kubeconfig, self: inputs.self, folder: inputs.workingFolder }),
        clock: world.clock,
      },
    };
    return {
      context,
      ...(bundle === undefined || site === undefined || inputs.site === undefined
        ? {}
        : { served: { site, bundle, stateFolder: inputs.site.stateFolder } }),
      close: async () => {
        await source.close();
        await reached?.close();
      },
    };
  } catch (error) {
    await reached?.close();
    throw error;
  }
}

/** How the bundle of the site is opened when a package is named that lies in it; undefined where there is none. */
export async function openSiteBundle(
  { site }: Pick<DeploymentInputs, "site">,
  world: JourneyWorld,
): Promise<(() => Promise<Bundle>) | undefined> {
  const bundleFile = site?.bundleFile;
  if (site === undefined || bundleFile === undefined) return undefined;
  const trust = await trustOf(await loadSite(site.siteFile));
  return async () => await openBundle(bundleFile, { signal: world.signal, trust });
}

/** Flags before the environment, before secrets, before the site, before a configuration file of Zarf's. */
export async function givenTo(
  inputs: DeploymentInputs,
  site: Site | undefined,
  name: string,
): Promise<Pick<OpenDeployment["context"]["request"], "variables" | "values" | "options">> {
  const { identityFile, secretsFile } = inputs;
  const config = await findDeployConfig({
    folder: inputs.workingFolder,
    home: inputs.home,
    environment: inputs.environment,
  });
  const entry = site?.packages.find((each) => each.name === name);
  const ofSite =
    site === undefined || entry === undefined
      ? undefined
      : await packageEntry(site, entry, { ...realPorts, identityFile });
  const secrets = secretsFile === undefined ? undefined : await readSecretVariables(secretsFile, { identityFile });
  const variables: VariableLayer[] = [
    { origin: { kind: "given" }, values: parseAssignments(inputs.set, "--set"), isForThisPackage: true },
    ...environmentLayers(inputs.environment),
    ...(secrets === undefined || secretsFile === undefined
      ? []
      : [{ origin: { kind: "secrets" as const, file: secretsFile }, values: secrets, isForThisPackage: true }]),
    ...(ofSite?.variables ?? []),
    ...(config === undefined
      ? []
      : [{ origin: { kind: "config" as const, file: config.file }, values: config.variables }]),
  ];
  const files = [
    ...(config?.valuesFiles ?? []).map((file) => resolve(inputs.workingFolder, file)),
    ...inputs.valuesFiles,
  ];
  const { options } = inputs;
  const components = [options.components, ofSite?.options.components, config?.components].find(
    (list) => list !== undefined && list.length > 0,
  );
  return {
    variables,
    values: {
      files: [
        ...(ofSite?.values?.files ?? []),
        ...(await Promise.all(
          files.map(async (file) => ({
            name: file,
            yaml: await readTextFile(file, { sizeLimitBytes: textLimitBytes }),
          })),
        )),
      ],
      assignments: { ...config?.setValues, ...parseAssignments(inputs.setValues, "--set-values") },
    },
    options: {
      ...ofSite?.options,
      ...options,
      ...(components === undefined ? {} : { components }),
      namespace: options.namespace ?? ofSite?.options.namespace ?? "",
    },
  };
}

/** Where the secrets' key lies when no flag says it. */
export function identityFileOf(
  named: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  workingFolder: string,
): string | undefined {
  const file = named ?? environment["SKERRY_IDENTITY"];
  return file === undefined || file === "" ? undefined : join(resolve(workingFolder, file));
}
