export type { ErrorCode } from "./catalog.ts";
export { errorCatalog } from "./catalog.ts";
export type { CatalogEntry, CatalogPage, ExitCode } from "./catalog-page.ts";
export type { ErrorPlace, OperatorErrorOptions, Problem, RetryAdvice } from "./operator-error.ts";
export { isOperatorError, OperatorError } from "./operator-error.ts";
export { redactSecrets, stripControls } from "./redact.ts";
