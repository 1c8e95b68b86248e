/**
 * Manifests that become a release without a template engine, because they are verbatim: what Zarf makes of a manifest item.
 */
export interface RawChart {
  /** `raw-<package>-<component>-<manifest>`: the name in the release's record. */
  readonly chartName: string;
  /** Default: `0.1.<seconds since 1970>`, as Zarf writes it. Another version alone is no change of the release. */
  readonly chartVersion?: string;
  /** The files as the package has them, recorded as the chart's templates: `manifests/web-0.yaml`. */
  readonly files: readonly RawFile[];
  /** The same files as they are to be applied (templates filled in, marks set). Default: `files`. */
  readonly rendered?: readonly RawFile[];
}

export interface RawFile {
  readonly path: string;
  /** One or more YAML documents. Documents with the annotation `helm.sh/hook` become hooks. */
  readonly text: string;
}
