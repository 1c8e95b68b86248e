import { dirname, resolve } from "node:path";
import { OperatorError } from "../lib/errors/index.ts";
import { readTextFile } from "../lib/files.ts";
import { parseYamlDocument } from "../lib/yaml/index.ts";
import { checkSite } from "./check-site.ts";
import { SiteSpec } from "./schema.ts";
import type { Site } from "./site.ts";

/** Bound of site.yaml in bytes; a thousand nodes need about 200 KB. */
const MAX_SITE_BYTES = 4 * 1024 * 1024;

/**
 * Reads and checks a site.yaml.
 *
 * @param file - path, absolute or relative to the working folder
 * @throws OperatorError FILE_UNREADABLE, DOCUMENT_INVALID (every problem as file:line:column)
 */
export async function loadSite(file: string): Promise<Site> {
  return parseSite(await readTextFile(file, { sizeLimitBytes: MAX_SITE_BYTES }), file);
}

/** As loadSite, for text that is already there; `file` names it in errors and gives the folder of its relative paths. */
export function parseSite(text: string, file: string): Site {
  const { value, where } = parseYamlDocument(text, { file, schema: SiteSpec, sizeLimitBytes: MAX_SITE_BYTES });
  const problems = checkSite(value, where);
  if (problems.length > 0) {
    throw new OperatorError("DOCUMENT_INVALID", `${file} does not describe a site that can be built`, {
      problems,
      where: problems[0]?.where ?? {},
      next: ["correct the lines named above and run the command again"],
    });
  }
  const path = resolve(file);
  return { ...value, file: path, folder: dirname(path) };
}
