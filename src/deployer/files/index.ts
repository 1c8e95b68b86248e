export type { FileTemplates } from "./file-content.ts";
export type { ComponentFile, FilePlace, PlannedFile } from "./file-plan.ts";
export type { FilesRequest } from "./place-files.ts";
export { placeFiles, planFiles } from "./place-files.ts";
