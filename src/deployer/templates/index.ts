export type { LiveScope, Scope, VariableOrigin, VariableValue } from "./scope.ts";
export { createLiveScope, emptyScope, sensitiveTexts, templateValues, withVariable } from "./scope.ts";
export type { LoadedValue, LoadedValues, TemplateValue, TemplateValues } from "./template-value.ts";
export { isTextContent, textSampleBytes } from "./text-content.ts";
export type { TextTemplateOptions } from "./text-template.ts";
export { applyTextTemplate, templateKeys, templateStream } from "./text-template.ts";
