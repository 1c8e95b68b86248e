import { Ajv, type AnySchemaObject, type ErrorObject } from "ajv";
import { OperatorError } from "../../lib/errors/index.ts";
import type { JsonObject } from "../charts/engine/index.ts";

/**
 * Holds package values against the schema that the package brings (`values.schema.json`, read as draft 7, like Zarf).
 *
 * @throws OperatorError PACKAGE_VALUES_INVALID with every problem by its path, never with a value
 */
export function checkValues(values: JsonObject, schemaJson: string, packageName: string): void {
  const validate = compile(schemaJson, packageName);
  if (validate(values)) return;
  const problems = (validate.errors ?? []).map((error) => ({ message: describe(error) }));
  throw new OperatorError(
    "PACKAGE_VALUES_INVALID",
    `package ${packageName}: the values do not fit its schema: ${problems.map(({ message }) => message).join("; ")}`,
    { problems, next: ["correct them with --values or --set-values and run the same command again"] },
  );
}

function compile(schemaJson: string, packageName: string) {
  try {
    const { $schema: _, $id: __, ...schema } = JSON.parse(schemaJson) as AnySchemaObject;
    return new Ajv({ strict: false, allErrors: true, validateFormats: false, logger: false }).compile(schema);
  } catch (error) {
    throw new OperatorError(
      "PACKAGE_VALUES_INVALID",
      `package ${packageName}: its values.schema.json cannot be used: ${error instanceof Error ? error.message : "it is broken"}`,
      { next: ["have the package made again with a schema that is one"], cause: error },
    );
  }
}

function describe({ instancePath, keyword, params, message }: ErrorObject): string {
  const where = instancePath.slice(1).replaceAll("/", ".").replaceAll("~1", "/").replaceAll("~0", "~");
  const more = keyword === "additionalProperties" ? `: ${String(params["additionalProperty"])}` : "";
  return `${where === "" ? "the root" : `.${where}`} ${message ?? "is wrong"}${more}`;
}
