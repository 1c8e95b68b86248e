import type { LineCounter, YAMLParseError } from "yaml";
import type { Problem } from "../errors/index.ts";
import { placeOf } from "./positions.ts";

/** The parser's errors with their places. Words that would repeat text of the document (it may be a secret) are replaced. */
export function syntaxProblems(
  errors: readonly YAMLParseError[],
  source: { readonly file: string; readonly lines: LineCounter; readonly text: string },
): readonly Problem[] {
  return errors.map((error) => ({
    message: wordsFor(error, source.text),
    where: { file: placeOf(source.file, source.lines, error.pos[0]) },
  }));
}

function wordsFor(error: YAMLParseError, text: string): string {
  switch (error.code) {
    case "DUPLICATE_KEY": {
      const key = /^[^\s:]{1,64}/.exec(text.slice(error.pos[0], error.pos[0] + 64))?.[0];
      return key === undefined ? "this key appears twice in one map" : `the key ${key} appears twice in one map`;
    }
    case "MULTIPLE_DOCS":
      return "a second document begins here; this file may hold only one";
    case "TAB_AS_INDENT":
      return "a tab indents this line; YAML allows only spaces";
    case "UNEXPECTED_TOKEN":
    case "IMPOSSIBLE":
      return "the YAML cannot be read from here";
    default:
      return error.message;
  }
}
