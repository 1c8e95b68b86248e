import { parse as parseToml, TomlError } from "smol-toml";
import { OperatorError } from "../../lib/errors/index.ts";
import { parseYamlDocuments } from "../../lib/yaml/index.ts";

/** What a `zarf-config` file says for `package deploy`. */
export interface DeployConfig {
  readonly file: string;
  /** `package.deploy.set` */
  readonly variables: Readonly<Record<string, string>>;
  /** `package.deploy.values`: values files, in order. */
  readonly valuesFiles: readonly string[];
  /** `package.deploy.set_values` */
  readonly setValues: Readonly<Record<string, string>>;
  /** `package.deploy.components` */
  readonly components: readonly string[];
}

/**
 * Reads `zarf-config.toml`, `.yaml`, `.yml` or `.json`. Keys are taken in any case, as Zarf takes them; what it says of anything
 * but `package.deploy` is left out of account.
 *
 * @throws OperatorError PACKAGE_CONFIG_INVALID listing every problem
 * @see https://docs.zarf.dev/ref/config-files/ (Zarf v0.84.0)
 */
export function parseDeployConfig(text: string, file: string): DeployConfig {
  const root = readRoot(text, file);
  const problems: string[] = [];
  const deploy = child(child(root, "package"), "deploy");
  const config: DeployConfig = {
    file,
    variables: texts(child(deploy, "set"), "package.deploy.set", problems),
    valuesFiles: list(value(deploy, "values"), "package.deploy.values", problems),
    setValues: texts(child(deploy, "set_values"), "package.deploy.set_values", problems),
    components: list(value(deploy, "components"), "package.deploy.components", problems),
  };
  if (problems.length > 0) throw invalid(file, problems.join("; "));
  return config;
}

type Table = Readonly<Record<string, unknown>>;

function readRoot(text: string, file: string): Table {
  const extension = /\.([a-z]+)$/i.exec(file)?.[1]?.toLowerCase() ?? "";
  try {
    if (extension === "toml") return parseToml(text);
    if (["yaml", "yml", "json"].includes(extension))
      return table(parseYamlDocuments(text, { version: "1.2", file })[0] ?? {}) ?? {};
  } catch (error) {
    const reason = error instanceof OperatorError ? error.message : "it is not TOML";
    const at = error instanceof TomlError ? `${file}:${error.line}:${error.column}` : file;
    throw invalid(at, reason, error);
  }
  throw invalid(file, `.${extension} files are not read; write it as .toml, .yaml or .json`);
}

const table = (found: unknown): Table | undefined =>
  typeof found === "object" && found !== null && !Array.isArray(found) && !(found instanceof Date)
    ? (found as Table)
    : undefined;

const value = (parent: Table | undefined, name: string): unknown =>
  Object.entries(parent ?? {}).find(([key]) => key.toLowerCase() === name)?.[1];

const child = (parent: Table | undefined, name: string): Table | undefined => table(value(parent, name));

function texts(found: Table | undefined, where: string, problems: string[]): Readonly<Record<string, string>> {
  const entries = Object.entries(found ?? {}).map(([key, item]): [string, string] => {
    if (!["string", "number", "boolean", "bigint"].includes(typeof item))
      problems.push(`${where}.${key} is not a text`);
    return [key, String(item)];
  });
  return Object.fromEntries(entries);
}

function list(found: unknown, where: string, problems: string[]): readonly string[] {
  if (found === undefined) return [];
  const items: readonly unknown[] =
    typeof found === "string" ? found.split(",").map((item) => item.trim()) : Array.isArray(found) ? found : [found];
  if (!items.every((item) => typeof item === "string")) problems.push(`${where} is not a list of texts`);
  return items.map(String).filter((item) => item !== "");
}

function invalid(where: string, reason: string, cause?: unknown): OperatorError {
  const file = where.replace(/(:\d+)+$/, "");
  return new OperatorError("PACKAGE_CONFIG_INVALID", `${file} cannot be used: ${reason}`, {
    where: { file: where },
    next: [`correct ${file}, or name another with ZARF_CONFIG`],
    cause,
  });
}
