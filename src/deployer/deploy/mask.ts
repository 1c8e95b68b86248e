import { type Scope, sensitiveTexts } from "../templates/index.ts";

const hidden = "(hidden)";

/** Takes the values of sensitive variables out of a text, also as they look in JSON and in base64. */
export function maskSensitive(scope: Scope): (text: string) => string {
  const forms = sensitiveTexts(scope.variables.values()).flatMap((text) => {
    const json = JSON.stringify(text).slice(1, -1);
    return [...new Set([text, json, Buffer.from(text).toString("base64")])];
  });
  return (text) => forms.reduce((rest, form) => rest.replaceAll(form, hidden), text);
}
