/** Something that is not as it should be before a release can be there. */
export interface NamespaceChange {
  /** `Kind/namespace/name` */
  readonly object: string;
  readonly outcome: "created" | "configured";
  /** Safe to repeat. */
  readonly write: () => Promise<void>;
}
