/** What stands behind one key of text templates: behind `VAR_DOMAIN` of `###ZARF_VAR_DOMAIN###`. */
export interface TemplateValue {
  /** The value itself; for the type `file` the path of the file that holds it, as long as it has not been read. */
  readonly value: string;
  /** Whether the lines of a value go below each other, at the place of the first. Default: false. */
  readonly autoIndent?: boolean;
  /** Default: "raw". */
  readonly type?: "raw" | "file";
  /** Never shown. Default: false. */
  readonly isSensitive?: boolean;
}

/** By key: `VAR_DOMAIN`, `CONST_TITLE`, `REGISTRY`. */
export type TemplateValues = ReadonlyMap<string, TemplateValue>;

/** A value whose file has been read: its bytes, or undefined where they are no text (or are not there). */
export interface LoadedValue extends TemplateValue {
  readonly content?: { readonly bytes: Uint8Array | undefined };
}

/** As {@link TemplateValues}, with the files of all values of the type `file` read: what text templating takes. */
export type LoadedValues = ReadonlyMap<string, LoadedValue>;
