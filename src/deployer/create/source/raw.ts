import type { JsonValue } from "../../../lib/json.ts";

/**
 * A definition as a person wrote it: checked against the schema, but without defaults, because an import must still see what
 * was said and what was not. Only what creating reads is named; everything else passes through.
 */
export interface RawPackage {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: RawMetadata;
  readonly components: readonly RawComponent[];
  readonly variables?: readonly RawNamed[];
  readonly constants?: readonly RawNamed[];
  readonly values?: { readonly files?: readonly string[]; readonly schema?: string };
  readonly documentation?: Readonly<Record<string, string>>;
}

export interface RawMetadata {
  readonly name: string;
  readonly version?: string;
  readonly architecture?: string;
  readonly uncompressed?: boolean;
  readonly yolo?: boolean;
}

export interface RawNamed {
  readonly name: string;
  readonly [key: string]: JsonValue | undefined;
}

export interface RawComponent {
  readonly name: string;
  readonly description?: string;
  readonly default?: boolean;
  readonly required?: boolean;
  readonly group?: string;
  readonly only?: RawOnly;
  readonly import?: { readonly name?: string; readonly path?: string; readonly url?: string };
  readonly manifests?: readonly RawManifest[];
  readonly charts?: readonly RawChart[];
  readonly files?: readonly RawFile[];
  readonly dataInjections?: readonly RawInjection[];
  readonly images?: readonly string[];
  readonly imageArchives?: readonly RawImageArchive[];
  readonly repos?: readonly string[];
  readonly healthChecks?: readonly RawHealthCheck[];
  readonly scripts?: RawScripts;
  readonly actions?: RawActions;
}

export interface RawOnly {
  readonly localOS?: string;
  readonly flavor?: string;
  readonly cluster?: { readonly architecture?: string; readonly distros?: readonly string[] };
}

export interface RawManifest {
  readonly name: string;
  readonly namespace?: string;
  readonly files?: readonly string[];
  readonly kustomizations?: readonly string[];
  readonly kustomizeAllowAnyDirectory?: boolean;
  readonly enableKustomizePlugins?: boolean;
  readonly template?: boolean;
}

export interface RawChart {
  readonly name: string;
  readonly version?: string;
  readonly url?: string;
  readonly repoName?: string;
  readonly gitPath?: string;
  readonly localPath?: string;
  readonly namespace?: string;
  readonly releaseName?: string;
  readonly valuesFiles?: readonly string[];
  readonly templatedValuesFiles?: readonly string[];
  readonly variables?: readonly RawNamed[];
  readonly values?: readonly {
    readonly sourcePath: string;
    readonly targetPath: string;
    readonly excludePaths?: readonly string[];
  }[];
}

export interface RawFile {
  readonly source: string;
  readonly target: string;
  readonly shasum?: string;
  readonly executable?: boolean;
  readonly extractPath?: string;
}

export interface RawInjection {
  readonly source: string;
  readonly target: { readonly path: string };
}

export interface RawImageArchive {
  readonly path: string;
  readonly images: readonly string[];
}

export interface RawHealthCheck {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface RawScripts {
  readonly showOutput?: boolean;
  readonly timeoutSeconds?: number;
  readonly retry?: boolean;
  readonly prepare?: readonly string[];
  readonly before?: readonly string[];
  readonly after?: readonly string[];
}

export interface RawActions {
  readonly onCreate?: RawActionSet;
  readonly onDeploy?: RawActionSet;
  readonly onRemove?: RawActionSet;
}

export interface RawActionSet {
  readonly defaults?: RawActionDefaults;
  readonly before?: readonly RawAction[];
  readonly after?: readonly RawAction[];
  readonly onSuccess?: readonly RawAction[];
  readonly onFailure?: readonly RawAction[];
}

export interface RawActionDefaults {
  readonly mute?: boolean;
  readonly maxTotalSeconds?: number;
  readonly maxRetries?: number;
  readonly dir?: string;
  readonly env?: readonly string[];
  readonly shell?: Readonly<Record<string, string>>;
}

export interface RawAction extends RawActionDefaults {
  readonly cmd?: string;
  readonly description?: string;
  readonly setVariable?: string;
  readonly setVariables?: readonly RawNamed[];
  readonly setValues?: readonly unknown[];
  readonly template?: boolean;
  readonly wait?: { readonly cluster?: unknown; readonly network?: unknown };
}
