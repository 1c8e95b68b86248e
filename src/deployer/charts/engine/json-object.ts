import type { JsonValue } from "../../../lib/json.ts";

/** A JSON object: values of charts, data of templates, objects of a cluster. */
export type JsonObject = { readonly [key: string]: JsonValue | undefined };
