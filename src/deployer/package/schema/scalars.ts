import { z } from "zod";

/** An empty text is an absent one, as in Go. */
export const text = z
  .string()
  .transform((value) => (value === "" ? undefined : value))
  .optional();

export const texts = z.array(z.string()).default([]);
export const flag = z.boolean().default(false);
/** Absent and false are two things here; both are kept. */
export const maybe = z.boolean().optional();
export const whole = z.int().optional();

/** Becomes part of paths and of the label `zarf.dev/package`. */
export const lowerName = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "must be lower-case letters, digits and dashes");
export const packageName = lowerName.max(63, "is longer than the 63 letters of a label");
export const variableName = z.string().regex(/^[A-Z0-9_]+$/, "variable names are upper case, digits and underscores");
export const variableType = z.enum(["raw", "file"]).optional();
export const applyMode = z
  .enum(["true", "false", "auto"])
  .optional()
  .or(z.literal("").transform(() => undefined));
