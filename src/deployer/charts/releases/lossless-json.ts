import { record } from "../../../kube/index.ts";
import { OperatorError } from "../../../lib/errors/index.ts";

interface RawNumbers {
  readonly parse: (
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ) => unknown;
  readonly rawJSON: (text: string) => unknown;
}
// TypeScript's library does not know JSON.rawJSON and the reviver's context yet; Node 24 does.
const json = JSON as unknown as RawNumbers;

/**
 * Parses JSON so that writing it again gives the same numbers: those that a double would round stay as they are written.
 *
 * @throws SyntaxError
 */
export function parseLossless(text: string): unknown {
  return json.parse(text, (_key, value, { source }) => {
    if (typeof value !== "number" || source === undefined || JSON.stringify(value) === source) return value;
    return Number(source) === value && Number.isSafeInteger(value) ? value : json.rawJSON(source);
  });
}

/** A JSON object, lossless. @throws OperatorError RELEASE_RECORD_INVALID naming `what` */
export function parseObject(text: string, what: string): Readonly<Record<string, unknown>> {
  try {
    const value = record(parseLossless(text));
    if (value !== undefined) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new OperatorError("RELEASE_RECORD_INVALID", `${what} is not a JSON object`);
}
