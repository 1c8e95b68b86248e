/** Where the API server keeps a kind. */
export interface ApiResource {
  readonly apiVersion: string;
  readonly kind: string;
  /** "deployments" */
  readonly plural: string;
  readonly isNamespaced: boolean;
}
