import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { code, page, table } from "./markdown.ts";

/** A built-in document or patch: its name in site.yaml and the comment at the head of its file. */
export interface BuiltIn {
  readonly name: string;
  readonly comment: string;
}

/** Every `*.yaml` of the folder, by name. A file without a comment at its head is a bug: nobody would know when to use it. */
export async function readBuiltIns(folder: string): Promise<readonly BuiltIn[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".yaml")).sort();
  return await Promise.all(
    files.map(async (file) => ({
      name: basename(file, ".yaml"),
      comment: headComment(await readFile(join(folder, file), "utf8"), file),
    })),
  );
}

function headComment(text: string, file: string): string {
  const lines = text.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("#"));
  const comment = lines
    .slice(0, end === -1 ? lines.length : end)
    .map((line) => line.replace(/^#+ ?/, "").trim())
    .filter((line) => line !== "")
    .join(" ");
  if (comment === "") throw new Error(`machineconfigs/${file} has no comment at its head that says when to use it`);
  return comment;
}

/** machine-configs.md. */
export function machineConfigsPage(builtIns: readonly BuiltIn[]): string {
  return page("Built-in machine configs", "machineconfigs/", [
    "Patches that Skerry brings along. A site takes them by name under `machineConfigs` ([site.yaml](site.md#machineconfigs)), for all nodes or for one role, in the order given; a node's own `patches` come after them. A name with a dot or a slash is a file of yours, relative to site.yaml.",
    table(
      ["name", "what it does and when to use it"],
      builtIns.map(({ name, comment }) => [`[${code(name)}](../../machineconfigs/${name}.yaml)`, comment]),
    ),
    "`skerry config render` shows what comes out.",
  ]);
}
