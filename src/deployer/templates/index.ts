export { parseAssignments } from "./assignments.ts";
export type { BuiltInOptions } from "./built-ins.ts";
export { builtInValues, emptyClusterState } from "./built-ins.ts";
export type { ChartValuesDefinition } from "./chart-values.ts";
export { chartValues } from "./chart-values.ts";
export { checkValues } from "./check-values.ts";
export type { DeployConfig } from "./deploy-config.ts";
export { parseDeployConfig } from "./deploy-config.ts";
export { findDeployConfig } from "./edge/find-deploy-config.ts";
export { loadFileValues } from "./edge/load-values.ts";
export { environmentLayers } from "./environment-variables.ts";
export type { GoTemplateRequest, StateAccessKey } from "./go-template.ts";
export { applyGoTemplate, stateOf } from "./go-template.ts";
export { createMask } from "./mask.ts";
export type { ValuesSources } from "./package-values.ts";
export { packageValues, parseOutput, parseValues } from "./package-values.ts";
export type {
  Declarations,
  DeclaredConstant,
  DeclaredVariable,
  ResolveOptions,
  VariableLayer,
} from "./resolve-variables.ts";
export { resolveVariables } from "./resolve-variables.ts";
export type { ValueUse } from "./scan-values.ts";
export { scanValues } from "./scan-values.ts";
export type { LiveScope, Scope, VariableOrigin, VariableValue } from "./scope.ts";
export { createLiveScope, emptyScope, sensitiveTexts, templateValues, withVariable } from "./scope.ts";
export type { LoadedValue, LoadedValues, TemplateValue, TemplateValues } from "./template-value.ts";
export { isTextContent, textSampleBytes } from "./text-content.ts";
export type { TextTemplateOptions } from "./text-template.ts";
export { applyTextTemplate, templateKeys, templateStream } from "./text-template.ts";
export { mergeValues, setAt, valueAt } from "./value-path.ts";
