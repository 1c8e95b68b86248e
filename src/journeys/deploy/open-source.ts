import { existsSync } from "node:fs";
import { arch } from "node:os";
import { resolve } from "node:path";
import type { Bundle } from "../../bundle/index.ts";
import {
  type OpenOptions,
  type OpenPackage,
  openPackage,
  parsePackageReference,
  registrySource,
} from "../../deployer/index.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import { createRegistryClient, upstreamApiRoot } from "../../oci/index.ts";
import { openStoredPackage } from "../stored-package.ts";

export interface SourceRequest {
  /** As typed: a file, a folder, `oci://…`, or the name of a package in the bundle. */
  readonly named: string;
  readonly workingFolder: string;
  /** In which packages are found by name; opened only when one is. */
  readonly bundle?: (() => Promise<Bundle>) | undefined;
  readonly trust: OpenOptions["trust"];
  readonly keep?: OpenOptions["keep"];
  /** Of the package, where a registry has several; default: this machine's. */
  readonly architecture?: string;
  /** Where a registry answers instead of its own address, by host. */
  readonly registries?: Readonly<Record<string, string>>;
  readonly notice: (text: string) => void;
  readonly signal: AbortSignal;
}

export interface OpenedSource {
  readonly pkg: OpenPackage;
  /** The bundle that the package lies in. */
  readonly bundle?: Bundle;
  readonly close: () => Promise<void>;
}

/**
 * Opens a package by what a person types: a file or folder that is there, a place in a registry, else a name in the bundle.
 *
 * @throws OperatorError DEPLOY_PACKAGE_MISSING, PACKAGE_…, REGISTRY_…, BUNDLE_…
 */
export async function openSource(request: SourceRequest): Promise<OpenedSource> {
  const { named, workingFolder, trust, keep, signal } = request;
  const options: OpenOptions = {
    signal,
    trust,
    ...(keep === undefined ? {} : { keep }),
    spool: {
      onSpool: ({ folder, bytes }) =>
        request.notice(`the package is unpacked into ${folder}, at most ${Math.ceil(bytes / 1e6)} MB, until the end`),
    },
  };
  if (named.startsWith("oci://")) return await openRemote(request, options);
  const path = resolve(workingFolder, named);
  if (existsSync(path)) {
    const pkg = await openPackage({ path }, options);
    return { pkg, close: pkg.close };
  }
  const isName = /^[a-z0-9][a-z0-9-]*$/.test(named);
  if (!isName || request.bundle === undefined) throw missing(named, workingFolder, []);
  const bundle = await request.bundle();
  const stored = bundle.packages().find(({ name }) => name === named);
  if (stored === undefined) {
    const names = bundle.packages().map(({ name }) => name);
    await bundle.close();
    throw missing(named, workingFolder, names);
  }
  const pkg = await openStoredPackage(bundle, stored, { signal });
  return {
    pkg,
    bundle,
    close: async () => {
      await pkg.close();
      await bundle.close();
    },
  };
}

async function openRemote(request: SourceRequest, options: OpenOptions): Promise<OpenedSource> {
  const reference = parsePackageReference(request.named);
  const { registry } = reference;
  const apiRoot = request.registries?.[registry] ?? upstreamApiRoot(registry);
  const client = createRegistryClient({ apiRoot, label: registry });
  try {
    const architecture = request.architecture ?? hostArchitecture();
    const published = await registrySource(client, reference, { architecture, signal: request.signal });
    const pkg = await openPackage({ published, isRemote: true }, options);
    return {
      pkg,
      close: async () => {
        await pkg.close();
        await client.close();
      },
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** As images and packages call it. */
export function hostArchitecture(): string {
  return arch() === "x64" ? "amd64" : arch();
}

function missing(named: string, folder: string, inBundle: readonly string[]): OperatorError {
  return new OperatorError("DEPLOY_PACKAGE_MISSING", `there is no package ${named} in ${folder}, nor in a bundle`, {
    next: [
      "name a zarf-package file, its first part (.part000), a folder with an unpacked package, or oci://REGISTRY/NAME:VERSION",
      ...(inBundle.length === 0 ? [] : [`packages of the bundle: ${inBundle.join(", ")}`]),
    ],
  });
}
