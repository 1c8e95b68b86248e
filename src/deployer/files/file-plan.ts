/** A file that a component puts on this machine, as its definition says it. */
export interface ComponentFile {
  readonly source: string;
  readonly target: string;
  readonly shasum?: string | undefined;
  readonly executable?: boolean | undefined;
  readonly symlinks?: readonly string[] | undefined;
  readonly extractPath?: string | undefined;
  readonly template?: boolean | undefined;
}

/** One file, folder or link that placing would write; paths are absolute. */
export interface PlannedFile {
  readonly target: string;
  readonly kind: "file" | "folder";
  readonly sizeBytes: number;
  readonly isExecutable: boolean;
  /** Whether something of this name is there already and would be replaced (files) or added to (folders). */
  readonly replaces: boolean;
  readonly links: readonly string[];
}
