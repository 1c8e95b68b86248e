import { isOperatorError, OperatorError } from "../../../lib/errors/index.ts";
import { parseYamlDocuments } from "../../../lib/yaml/index.ts";
import { findImages } from "../../manifests/find-images.ts";
import { readObjects } from "../../manifests/read-objects.ts";
import type { PackageDefinition } from "../../package/definition.ts";
import { fullReference } from "../../package/package.ts";
import { allImages } from "../assemble/assemble.ts";
import { maybeImages } from "./maybe-images.ts";
import { type PackageTexts, type RenderedText, type RenderTextsCall, renderTexts } from "./render-texts.ts";

export interface FoundImage {
  /** As it is written where it is used. */
  readonly image: string;
  /** In full: `docker.io/library/busybox:latest`. */
  readonly reference: string;
  readonly component: string;
  /** "Deployment/web/web of chart web" */
  readonly usedBy: string;
  /** "used": an object runs it, or its chart says so; "maybe": a text somewhere looks like one. */
  readonly kind: "used" | "maybe";
  readonly isListed: boolean;
}

export interface FoundImages {
  readonly found: readonly FoundImage[];
  /** Images that are listed and that nothing was seen to use. */
  readonly unused: readonly string[];
}

/**
 * The images in a package's charts and manifests, and whether the package lists them.
 *
 * @throws OperatorError what rendering raises, PACKAGE_INVALID, DOCUMENT_INVALID
 */
export async function findPackageImages(texts: PackageTexts, call: RenderTextsCall): Promise<FoundImages> {
  const { definition } = texts;
  const rendered = await renderTexts(texts, call);
  const listed = new Set(allImages(definition));
  const found = new Map<string, FoundImage>();
  const add = (image: string, kind: FoundImage["kind"], component: string, usedBy: string) => {
    const reference = referenceOf(image);
    const key = `${component} ${reference}`;
    if (reference === undefined || found.has(key)) return;
    found.set(key, { image, reference, component, usedBy, kind, isListed: listed.has(reference) });
  };
  for (const one of rendered) {
    const objects = readObjects(one.text, { file: `${one.what} of component ${one.component}` });
    for (const { image, object } of objects.flatMap(findImages))
      add(image, "used", one.component, `${object} of ${one.what}`);
    for (const image of statedImages(one)) add(image, "used", one.component, `helm.sh/images of ${one.what}`);
  }
  const known = new Set([...found.values()].map(({ reference }) => reference));
  for (const one of rendered)
    for (const image of maybeImages(readObjects(one.text, { file: one.what })))
      if (!known.has(referenceOf(image) ?? "")) add(image, "maybe", one.component, one.what);
  const seen = new Set([...found.values()].map(({ reference }) => reference));
  return { found: [...found.values()], unused: [...listed].filter((reference) => !seen.has(reference)) };
}

/** What is no reference (a template that only a cluster fills in) brings no image. */
function referenceOf(image: string): string | undefined {
  try {
    return fullReference(image);
  } catch (error) {
    if (isOperatorError(error, "REFERENCE_INVALID")) return undefined;
    throw error;
  }
}

function statedImages({ statedImages: text, what }: RenderedText): readonly string[] {
  if (text === undefined) return [];
  const [list] = parseYamlDocuments(text, { version: "1.2", file: `helm.sh/images of ${what}` });
  if (!Array.isArray(list)) return [];
  return (list as readonly unknown[]).flatMap((item) => {
    const image = (item as { readonly image?: unknown } | null)?.image;
    return typeof image === "string" ? [image] : [];
  });
}

/**
 * Refuses a package that runs images which it does not list, since nothing would bring them to a site.
 *
 * @param options.listedElsewhere - full references that something else brings
 * @throws OperatorError PACKAGE_IMAGE_UNLISTED naming each with what runs it
 */
export function refuseUnlisted(
  definition: PackageDefinition,
  { found }: FoundImages,
  options: { readonly listedElsewhere?: ReadonlySet<string>; readonly at?: string } = {},
): void {
  const unlisted = found.filter(
    ({ kind, isListed, reference }) => kind === "used" && !isListed && options.listedElsewhere?.has(reference) !== true,
  );
  if (unlisted.length === 0) return;
  const { name } = definition.metadata;
  const images = [...new Set(unlisted.map(({ reference }) => reference))];
  const where = options.at === undefined ? "" : ` with the values of ${options.at}`;
  throw new OperatorError(
    "PACKAGE_IMAGE_UNLISTED",
    `package ${name} runs images that it does not list${where}: ${images.join(", ")}`,
    {
      problems: unlisted.map(({ image, usedBy, component }) => ({
        message: `${image} is run by ${usedBy}, component ${component}`,
        where: { object: usedBy },
      })),
      next: [
        `skerry package find-images DIR --update   adds them to the zarf.yaml of ${name}`,
        "or list them under images of bundle.yaml",
      ],
    },
  );
}
