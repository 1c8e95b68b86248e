import { isMap, isSeq, parseDocument } from "yaml";

/**
 * A zarf.yaml with more images in some of its components; comments, order and everything else stay as they are. Images that are
 * there are never taken out.
 *
 * @param missing - by component, in the words in which they are to be listed
 * @returns the new text, and components that are not written in this file
 */
export function addImages(
  text: string,
  missing: ReadonlyMap<string, readonly string[]>,
): { readonly text: string; readonly notHere: readonly string[] } {
  const document = parseDocument(text);
  const components = document.get("components");
  const notHere: string[] = [];
  for (const [name, images] of missing) {
    const component = isSeq(components)
      ? components.items.find((item) => isMap(item) && item.get("name") === name)
      : undefined;
    if (!isMap(component)) {
      notHere.push(name);
      continue;
    }
    const list = component.get("images");
    if (isSeq(list)) for (const image of images) list.add(image);
    else component.set("images", document.createNode([...images]));
  }
  return { text: document.toString({ lineWidth: 0 }), notHere };
}
