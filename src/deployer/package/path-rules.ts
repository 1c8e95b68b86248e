const reserved = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$/i;
const control = /\p{Cc}/u;

/**
 * What is wrong with a path inside a package, or undefined. These are the rules of Zarf's own extractor, so that a package we
 * accept is one that it accepts, on every system.
 *
 * @param path - relative, with forward slashes
 */
export function pathProblem(path: string): string | undefined {
  if (path === "" || path.length > 1024) return "is empty or too long";
  if (control.test(path)) return "contains a control character";
  if (path.includes("\\")) return "contains a backslash";
  if (path.startsWith("/")) return "is absolute";
  for (const part of path.split("/")) {
    if (part === "" || part === "." || part === "..") return "leaves its folder or has empty parts";
    if (part.includes(":")) return "contains a colon";
    if (/[. ]$/.test(part)) return "has a part that ends in a dot or a space";
    if (reserved.test(part)) return "is a reserved device name";
  }
  return undefined;
}

/** Whether a name (of a package, component or manifest) can be part of a path. */
export function isSafeName(name: string): boolean {
  return !name.includes("/") && pathProblem(name) === undefined;
}
