export { siteJsonSchema } from "./json-schema.ts";
export { loadSite, parseSite } from "./load-site.ts";
export type { DiskFacts } from "./match-disk.ts";
export { kindOf, matchDisks } from "./match-disk.ts";
export type { DiskSelector, SiteNode } from "./schema.ts";
export type { SiteSecrets } from "./secrets.ts";
export { readSiteSecrets, readTalosSecrets, saveSiteSecrets, saveTalosSecrets, talosSecretsFile } from "./secrets.ts";
export type { Site } from "./site.ts";
export { controlPlanesOf, workersOf } from "./site.ts";
