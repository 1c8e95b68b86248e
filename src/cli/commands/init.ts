import { open } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { OperatorError } from "../../lib/errors/index.ts";
import { makeFolder } from "../../lib/files.ts";
import type { Handler } from "../command.ts";
import { bundleTemplate, siteTemplate } from "../templates.ts";

/** `skerry init [DIR]` */
export const init: Handler = async ({ args, workingFolder }) => {
  const folder = resolve(workingFolder, args[0] ?? ".");
  const name = siteNameOf(basename(folder));
  await makeFolder(folder);
  const files = [
    { path: join(folder, "site.yaml"), text: siteTemplate(name) },
    { path: join(folder, "bundle.yaml"), text: bundleTemplate(name) },
  ];
  const problems: string[] = [];
  const written: string[] = [];
  for (const file of files) {
    if (await writeNew(file.path, file.text)) written.push(file.path);
    else problems.push(file.path);
  }
  if (written.length === 0) throw exists(problems);
  const shown = (path: string) => relative(workingFolder, path);
  const kept = problems.map((path) => `${shown(path)} was there already and is as it was.`);
  const next = [
    `Next: write the machines into ${shown(join(folder, "site.yaml"))}, then run`,
    "  skerry nodes list      which machines answer",
    "  skerry bundle create   collect what the site needs into one file",
    "  skerry up --dry-run    see what would be done",
  ];
  return {
    exit: 0,
    text: [...written.map((path) => `Wrote ${shown(path)}.`), ...kept, "", ...next].join("\n"),
    document: { kind: "InitResult", data: { written, kept: problems } },
  };
};

/** A folder's name as a site's name: a DNS label. */
function siteNameOf(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 63)
    .replace(/-+$/, "");
  return name === "" ? "my-site" : name;
}

/** Writes a file that is not there yet; false where one is. */
async function writeNew(path: string, text: string): Promise<boolean> {
  try {
    const handle = await open(path, "wx", 0o644);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw new OperatorError("FILE_UNWRITABLE", `${path} could not be written`, { where: { file: path }, cause: error });
  }
}

function exists(paths: readonly string[]): OperatorError {
  return new OperatorError("FILE_EXISTS", "there is a site here already, and nothing is overwritten", {
    problems: paths.map((path) => ({ message: `${path} is there` })),
    next: ["skerry init DIR   starts another site in a folder of its own"],
  });
}
