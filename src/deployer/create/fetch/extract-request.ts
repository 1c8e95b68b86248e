/** One file or folder to be taken out of an archive. */
export interface ExtractRequest {
  /** The archive on disk. */
  readonly archive: string;
  /** Its name, which says of what kind it is: `tool.tar.gz`. */
  readonly name: string;
  /** The one file or folder that is wanted, as it stands in the archive. */
  readonly wanted: string;
  /** It is put below this, with its whole path. */
  readonly into: string;
  readonly signal: AbortSignal;
}
