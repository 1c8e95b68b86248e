export type { LiveScope, Scope, VariableOrigin, VariableValue } from "./scope.ts";
export { createLiveScope, emptyScope, sensitiveTexts, templateValues, withVariable } from "./scope.ts";
export type { LoadedValue, LoadedValues, TemplateValue, TemplateValues } from "./template-value.ts";
