import type { JsonValue } from "../../../src/lib/json.ts";
import { asSchema } from "./editor-schema.ts";
import { code, page, table } from "./markdown.ts";
import { type Field, fieldsOf } from "./schema-fields.ts";

export interface SchemaPage {
  readonly title: string;
  readonly source: string;
  readonly schema: JsonValue;
  readonly schemaFile: string;
  readonly intro: readonly string[];
  readonly example: readonly string[];
  /** What a schema cannot say. */
  readonly rules: readonly string[];
}

/** A page for one document that people write: all its fields with type, default and meaning. */
export function schemaPage({ title, source, schema, schemaFile, intro, example, rules }: SchemaPage): string {
  const fields = fieldsOf(asSchema(schema));
  const sections = ["", ...fields.filter(({ isSection }) => isSection).map(({ path }) => path)];
  return page(title, source, [
    ...intro,
    "```yaml\n".concat(example.join("\n"), "\n```"),
    `Unknown keys are errors. Every problem of the file is reported in one go, as file:line:column. For editors there is a [JSON Schema](${schemaFile}) (draft-7); with the YAML language server the line \`# yaml-language-server: $schema=PATH\` at the top of the file names it.`,
    "## Rules across fields",
    rules.map((rule) => `- ${rule}`).join("\n"),
    "## Fields",
    ...sections.flatMap((section) => fieldSection(section, fields)),
  ]);
}

function fieldSection(section: string, fields: readonly Field[]): readonly string[] {
  const inside = fields.filter(({ path }) => parentOf(path) === section);
  const rows = inside.map((field) => [code(lastOf(field.path)), field.type, defaultOf(field), meaning(field)]);
  const head = table(["field", "type", "default", "meaning"], rows);
  return section === "" ? [head] : [`### ${section}`, head];
}

function meaning({ path, description, isSection, isFixed, pattern }: Field): string {
  const text = isFixed && description === "" ? "Always this." : description;
  const more = isSection ? `Fields: [${path}](#${anchorOf(path)}).` : "";
  const form = pattern === undefined ? "" : `Form: ${code(pattern)}.`;
  return [text, more, form].filter((part) => part !== "").join(" ");
}

function defaultOf(field: Field): string {
  if (field.isRequired) return "needed";
  if (field.default === undefined) return "";
  return field.isSection && JSON.stringify(field.default) === "{}"
    ? "its fields' defaults"
    : code(JSON.stringify(field.default));
}

/** `nodes[].disk` for `nodes[].disk.serial`, `nodes` for `nodes[].name`. */
function parentOf(path: string): string {
  return path.split(".").slice(0, -1).join(".").replace(/\[\]$/, "");
}

function lastOf(path: string): string {
  return path.split(".").at(-1) ?? path;
}

/** As code hosts make anchors of headings: lower case, without punctuation. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 _-]/g, "")
    .replaceAll(" ", "-");
}
