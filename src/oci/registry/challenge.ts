/** What a 401 asks for. @see https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1 */
export type Challenge =
  | { readonly kind: "basic" }
  | { readonly kind: "bearer"; readonly realm: string; readonly service?: string; readonly scope?: string };

/** The first challenge of a `WWW-Authenticate` header that we can meet; Bearer before Basic. */
export function parseChallenge(header: string): Challenge | undefined {
  if (header.length > 4096) return undefined;
  const bearer = /(?:^|,\s*)bearer\s+/i.exec(header);
  if (bearer) {
    const parameters = parametersOf(header.slice(bearer.index + bearer[0].length));
    const { realm, service, scope } = parameters;
    if (realm !== undefined) {
      return {
        kind: "bearer",
        realm,
        ...(service === undefined ? {} : { service }),
        ...(scope === undefined ? {} : { scope }),
      };
    }
  }
  return /(?:^|,\s*)basic(?:\s|$)/i.test(header) ? { kind: "basic" } : undefined;
}

function parametersOf(text: string): { realm?: string; service?: string; scope?: string } {
  const parameters: Record<string, string> = {};
  // Stops at the first thing that is no parameter, which is where the next challenge begins.
  const parameter = /\s*,?\s*([a-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))/iy;
  for (let match = parameter.exec(text); match; match = parameter.exec(text)) {
    const [, name, quoted, plain] = match;
    parameters[(name ?? "").toLowerCase()] ??= quoted === undefined ? (plain ?? "") : quoted.replaceAll(/\\(.)/g, "$1");
  }
  return parameters;
}
