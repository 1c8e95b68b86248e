/** What the templates of a definition are filled with when a package is made. */
export interface CreateTemplates {
  readonly architecture: string;
  /** `--set NAME=value`, names in upper case. */
  readonly values: Readonly<Record<string, string>>;
}

const named = /###ZARF_PKG_(?:TMPL|VAR)_([A-Z0-9_]+)###/g;

/** Names of templates that a value asks for and nobody gave, with the place in the value. */
export function missingTemplates(
  value: unknown,
  { values }: CreateTemplates,
): readonly { readonly name: string; readonly path: readonly (string | number)[] }[] {
  return texts(value).flatMap(({ text, path }) =>
    [...text.matchAll(named)].flatMap(([, name = ""]) => (Object.hasOwn(values, name) ? [] : [{ name, path }])),
  );
}

/** Replaces `###ZARF_PKG_TMPL_<NAME>###`, its older form `###ZARF_PKG_VAR_<NAME>###` and `###ZARF_PKG_ARCH###` in all strings. */
export function fillTemplates<T>(value: T, { architecture, values }: CreateTemplates): T {
  return mapTexts(value, (text) =>
    text
      .replaceAll(named, (token, name: string) => (Object.hasOwn(values, name) ? (values[name] ?? token) : token))
      .replaceAll("###ZARF_PKG_ARCH###", () => architecture),
  );
}

/** Replaces `###ZARF_COMPONENT_NAME###` in a component; after imports, because the name is the importer's. */
export function fillComponentName<T extends { readonly name: string }>(component: T): T {
  return mapTexts(component, (text) => text.replaceAll("###ZARF_COMPONENT_NAME###", () => component.name));
}

/** Paths of fetched files as seen from the folder they lie in, which has another name every time; at the end, when all was read. */
export function withoutFolder<T>(value: T, folder: string): T {
  const start = `${folder}/`;
  return mapTexts(value, (text) => (text.startsWith(start) ? text.slice(start.length) : text));
}

function mapTexts<T>(value: T, change: (text: string) => string): T {
  const walk = (item: unknown): unknown => {
    if (typeof item === "string") return change(item);
    if (Array.isArray(item)) return item.map(walk);
    if (typeof item !== "object" || item === null) return item;
    return Object.fromEntries(Object.entries(item).map(([key, inner]) => [key, walk(inner)]));
  };
  return walk(value) as T;
}

function texts(
  value: unknown,
  path: readonly (string | number)[] = [],
): readonly { readonly text: string; readonly path: readonly (string | number)[] }[] {
  if (typeof value === "string") return [{ text: value, path }];
  if (Array.isArray(value)) return value.flatMap((item, index) => texts(item, [...path, index]));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => texts(item, [...path, key]));
}
