import type { TemplateValues } from "../templates/index.ts";

/**
 * What a command sees: `env` of the action, over it every template value under its key (`ZARF_VAR_X`, `ZARF_REGISTRY`) and under
 * the key in lower case, where `zarf_var` becomes `TF_VAR` (`TF_VAR_x`, `zarf_registry`). Values of the type `file` are paths.
 */
export function actionEnvironment(env: readonly string[], values: TemplateValues): Readonly<Record<string, string>> {
  const own = env.map((text): [string, string] => {
    const at = text.indexOf("=");
    return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
  });
  const known = [...values].flatMap(([key, { value }]): [string, string][] => {
    const lower = `zarf_${key.toLowerCase()}`;
    return [
      [`ZARF_${key}`, value],
      [lower.replaceAll("zarf_var", "TF_VAR"), value],
    ];
  });
  return Object.fromEntries([...own, ...known]);
}

/**
 * Fills `${ZARF_VAR_X}` and `$ZARF_VAR_X` into a field of a wait; what is not known stays. After a bare `$` the longest key that
 * is known counts.
 */
export function fillField(text: string, values: TemplateValues): string {
  return text.replace(/\$\{ZARF_([A-Z0-9_]+)\}|\$ZARF_([A-Z0-9_]+)/g, (whole, braced?: string, bare?: string) => {
    if (braced !== undefined) return values.get(braced)?.value ?? whole;
    const run = bare ?? "";
    for (let length = run.length; length > 0; length -= 1) {
      const value = values.get(run.slice(0, length));
      if (value !== undefined) return value.value + run.slice(length);
    }
    return whole;
  });
}
