import type { ServedResource } from "./api/served-resources.ts";

/**
 * The resource that a person means by "pods", "po", "Deployment", "deployments.apps" or "Widget.v1.demo.example", as kubectl
 * finds it: the part before the first dot is a plural, a singular, a kind or a short name in any case; after it stand a group (or
 * how one begins), or a version and a group.
 *
 * @param served - in the order of the server, which is that of preference
 */
export function findResource(name: string, served: readonly ServedResource[]): ServedResource | undefined {
  const [word = "", ...rest] = name.toLowerCase().split(".");
  const [version = "", ...groupParts] = rest;
  const readings =
    rest.length === 0
      ? [served]
      : [
          ...(rest.length > 1 ? [inGroup(served, groupParts.join("."), version)] : []),
          inGroup(served, rest.join("."), undefined),
          served.filter((resource) => groupOf(resource).startsWith(rest.join("."))),
        ];
  for (const among of readings) {
    const found =
      among.find((resource) => isCalled(resource, word)) ?? among.find((one) => one.shortNames.includes(word));
    if (found !== undefined) return found;
  }
  return undefined;
}

const groupOf = ({ apiVersion }: ServedResource): string =>
  apiVersion.includes("/") ? (apiVersion.split("/", 1)[0] ?? "") : "";

const isCalled = ({ plural, singular, kind }: ServedResource, word: string): boolean =>
  plural === word || singular === word || kind.toLowerCase() === word;

function inGroup(
  served: readonly ServedResource[],
  group: string,
  version: string | undefined,
): readonly ServedResource[] {
  return served.filter((resource) => {
    const isVersion = version === undefined || resource.apiVersion.split("/").at(-1) === version;
    return groupOf(resource) === group && isVersion;
  });
}
