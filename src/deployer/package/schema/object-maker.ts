import { z } from "zod";

/** Makes the same keys an object that lets unknown keys pass unseen, or one that refuses them. */
export type ObjectMaker = typeof z.object;

/** For what others built: what is not known is left out of account, as Zarf does. */
export const lenient: ObjectMaker = z.object;

function unknownKeys(
  known: ReadonlySet<string>,
  inst: () => z.ZodType,
): z.core.$ZodCheck<Readonly<Record<string, unknown>>> {
  const check = z.check<Readonly<Record<string, unknown>>>(({ value, issues }) => {
    const keys = Object.keys(value).filter((key) => !known.has(key) && !key.startsWith("x-"));
    if (keys.length > 0)
      issues.push({ code: "unrecognized_keys", keys, input: { ...value }, inst: inst(), continue: true });
  });
  // Asked also where the object has another problem already, so that all are found in one go.
  check._zod.def.when = ({ value }) => typeof value === "object" && value !== null;
  return check;
}

function strictObject(shape: z.core.$ZodLooseShape): z.ZodType {
  const object: z.ZodType = z
    .looseObject(shape)
    .check(unknownKeys(new Set(Object.keys(shape)), (): z.ZodType => object));
  return object;
}

/** For what a person writes: an unknown key is an error, but for those that begin with `x-`. Its type is that of the lenient one. */
export const strict = strictObject as unknown as ObjectMaker;
