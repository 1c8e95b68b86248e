import { access, chmod, constants, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { OperatorError } from "../../../lib/errors/index.ts";
import type { ZarfStandIn } from "../action-context.ts";

/** The version of Zarf whose packages and tools are meant. */
const zarfVersion = "v0.84.0";
/** Tools of Zarf that are programs of their own too, by all their names. */
const programs: Readonly<Record<string, readonly string[]>> = {
  kubectl: ["kubectl", "k"],
  helm: ["helm", "h"],
  yq: ["yq"],
};
const waitNames = ["wait-for", "w", "wait"];
/** Characters that need no quotes in any shell, nor inside quotes of any kind. */
const plainPath = /^[A-Za-z0-9_./-]+$/;

export interface StandInOptions {
  /** Where programs are looked for: the PATH. */
  readonly path: string;
  /** Answers `tools wait-for …`, for instance `["node", "skerry.js", "tools"]`; undefined: it is not stood in for. */
  readonly program?: readonly string[] | undefined;
}

/**
 * What of `./zarf` can be stood in for on this machine: `version`, `tools kubectl`, `tools helm` and `tools yq` where the program
 * is on the PATH, `tools wait-for` where there is one of ours. In the form of `zarfTools`.
 */
export async function availableTools({ path, program }: StandInOptions): Promise<ReadonlySet<string>> {
  if (process.platform === "win32") return new Set();
  const found = new Set(["version", "v"]);
  for (const [name, names] of Object.entries(programs))
    if ((await whereIs(name, path)) !== undefined) for (const one of names) found.add(`tools ${one}`);
  if (program !== undefined) for (const name of waitNames) found.add(`tools ${name}`);
  return found;
}

/**
 * Makes a private folder with a program `zarf` in it that hands its tools on. Remove it with `close`.
 *
 * @throws OperatorError ACTION_UNSUPPORTED on Windows, and where the temporary folder's name would need quotes
 */
export async function openZarfStandIn(
  options: StandInOptions,
): Promise<ZarfStandIn & { readonly close: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "skerry-zarf-"));
  const close = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const command = join(folder, "zarf");
  if (process.platform === "win32" || !plainPath.test(command)) {
    await close();
    throw new OperatorError("ACTION_UNSUPPORTED", `nothing can stand in for ./zarf in ${tmpdir()}`, {
      next: ["set TMPDIR to a folder whose name has letters and digits only"],
    });
  }
  await writeFile(command, await script(options), { mode: 0o700 });
  await chmod(command, 0o700);
  return { command, close };
}

async function script({ path, program }: StandInOptions): Promise<string> {
  const cases: string[] = [];
  for (const [name, names] of Object.entries(programs)) {
    const found = await whereIs(name, path);
    if (found !== undefined) cases.push(`    ${names.join(" | ")}) shift; exec ${quoted(found)} "$@" ;;`);
  }
  if (program !== undefined)
    cases.push(`    ${waitNames.join(" | ")}) shift; exec ${program.map(quoted).join(" ")} wait-for "$@" ;;`);
  return [
    "#!/bin/sh",
    "# Stands in for ./zarf in the actions of packages.",
    'asked="$*"',
    'case "$1" in',
    `  version | v) echo ${zarfVersion}; exit 0 ;;`,
    "  tools | t)",
    "    shift",
    '    case "$1" in',
    ...cases,
    "    esac",
    "    ;;",
    "esac",
    'echo "zarf $asked: Skerry does not stand in for this" >&2',
    "exit 64",
    "",
  ].join("\n");
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

async function whereIs(name: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    const file = join(folder, name);
    if (folder === "") continue;
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return undefined;
}
