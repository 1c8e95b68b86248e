import { z } from "zod";

interface SchemaNode {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode | boolean;
  readonly prefixItems?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly allOf?: readonly SchemaNode[];
}

/** The keys that a schema knows at a path, over all alternatives of a union; empty where it cannot be told. */
export function knownKeysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  const root = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as SchemaNode;
  let nodes = alternatives(root, root, 0);
  for (const segment of path) {
    nodes = nodes.flatMap((node) => childrenOf(node, segment)).flatMap((node) => alternatives(root, node, 0));
  }
  return [...new Set(nodes.flatMap((node) => Object.keys(node.properties ?? {})))];
}

function childrenOf(node: SchemaNode, segment: PropertyKey): readonly SchemaNode[] {
  const children =
    typeof segment === "number"
      ? [node.prefixItems?.[segment], node.items]
      : [node.properties?.[String(segment)] ?? node.additionalProperties];
  return children.filter((child): child is SchemaNode => typeof child === "object");
}

/** A node and everything it stands for: references followed, unions opened; depth bounds a reference to itself. */
function alternatives(root: SchemaNode, node: SchemaNode, depth: number): readonly SchemaNode[] {
  if (depth > 16) return [];
  const inner = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])];
  if (node.$ref !== undefined) {
    const target = node.$ref
      .split("/")
      .slice(1)
      .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], root);
    if (typeof target === "object" && target !== null) inner.push(target);
  }
  return [node, ...inner.flatMap((child) => alternatives(root, child, depth + 1))];
}
