/** Exit codes of the command line; their meanings are in docs/reference/errors.md. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 130 | 143;

export interface CatalogEntry {
  readonly exit: ExitCode;
  /** One paragraph for the reference page: when it happens, what was left as it was, what to do. */
  readonly doc: string;
}

export type CatalogPage = Readonly<Record<string, CatalogEntry>>;
