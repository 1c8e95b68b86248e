import { pathProblem } from "./path-rules.ts";

/** What is wrong with the text of a symbolic link by itself, or undefined. */
export function linkProblem(target: string): string | undefined {
  if (target === "" || target.length > 1024) return "is a link without a target";
  if (target.startsWith("/") || target.includes("\\") || target.includes("\0")) return "is a link to somewhere else";
  const parts = target.split("/").filter((part) => part !== "" && part !== "." && part !== "..");
  return parts.some((part) => pathProblem(part) !== undefined) ? "is a link to a name that cannot be" : undefined;
}

/** Links followed for one before it counts as going in a circle, as the system counts. */
const maxFollowed = 40;

/**
 * The first link that would leave the folder all of them are in, also by way of others: `a -> sub/..` is somewhere else when `sub` is
 * a link.
 *
 * @param links - targets by path, relative to that folder
 */
export function escapingLink(links: ReadonlyMap<string, string>): string | undefined {
  return [...links.keys()].find((path) => isEscaping(path, links));
}

function isEscaping(path: string, links: ReadonlyMap<string, string>): boolean {
  let at = path.split("/").slice(0, -1);
  const left = (links.get(path) ?? "").split("/");
  let followed = 0;
  while (left.length > 0) {
    const part = left.shift() ?? "";
    if (part === "" || part === ".") continue;
    if (part === "..") {
      if (at.length === 0) return true;
      at = at.slice(0, -1);
      continue;
    }
    const target = links.get([...at, part].join("/"));
    if (target === undefined) at = [...at, part];
    else {
      followed += 1;
      // A circle leads nowhere, so it does not lead out either.
      if (followed > maxFollowed) return false;
      left.unshift(...target.split("/"));
    }
  }
  return false;
}
