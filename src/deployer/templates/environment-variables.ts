import type { VariableLayer } from "./resolve-variables.ts";

const ownPrefix = "SKERRY_VAR_";
const zarfName = "ZARF_PACKAGE_DEPLOY_SET";

/**
 * Values of variables from the environment: `SKERRY_VAR_DOMAIN=x`, and `ZARF_PACKAGE_DEPLOY_SET` with a JSON object, as Zarf
 * reads it. One layer per environment variable, ours first. JSON that is none is left out of account, as Zarf does.
 */
export function environmentLayers(environment: Readonly<Record<string, string | undefined>>): readonly VariableLayer[] {
  const own = Object.entries(environment).flatMap(([name, value]): readonly VariableLayer[] =>
    name.startsWith(ownPrefix) && name.length > ownPrefix.length && value !== undefined
      ? [{ origin: { kind: "environment", name }, values: { [name.slice(ownPrefix.length)]: value } }]
      : [],
  );
  const zarfs = jsonTexts(environment[zarfName]);
  return zarfs === undefined ? own : [...own, { origin: { kind: "environment", name: zarfName }, values: zarfs }];
}

function jsonTexts(text: string | undefined): Readonly<Record<string, string>> | undefined {
  if (text === undefined || text === "") return undefined;
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read !== "object" || read === null || Array.isArray(read)) return undefined;
    return Object.fromEntries(
      Object.entries(read).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
    );
  } catch {
    return undefined;
  }
}
