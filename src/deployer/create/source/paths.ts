import path from "node:path/posix";

/** Whether a source is fetched: `scheme://…`. */
export function isUrl(source: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/./i.test(source);
}

/** A path that a file in `folder` names, as seen from the package's own folder. URLs and absolute paths stay. */
export function rebasePath(source: string, folder: string): string {
  return isUrl(source) || path.isAbsolute(source) ? source : path.join(folder, source);
}

/** The last part of a target, wherever it is written for: `C:\x\y.txt` and `/x/y.txt` are both `y.txt`. */
export function targetName(target: string): string {
  const parts = target.split(/[\\/]+/).filter((part) => part !== "");
  return parts.at(-1) ?? "";
}
