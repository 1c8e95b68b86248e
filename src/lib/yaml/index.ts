export { emitYaml } from "./emit.ts";
export { documentInvalid, parseYamlDocument, type YamlDocument } from "./parse-document.ts";
export { parseYamlDocuments } from "./parse-documents.ts";
export type { YamlPath } from "./positions.ts";
