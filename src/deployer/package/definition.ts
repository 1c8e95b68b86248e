import type { z } from "zod";
import { lenient, strict } from "./schema/object-maker.ts";
import { packageSchema } from "./schema/package-schema.ts";

/** For packages that others built: what is not known is left out of account. */
export const BuiltDefinition = packageSchema(lenient);
/** For a `zarf.yaml` that a person writes: an unknown key is an error. Its shape is that of the lenient one. */
export const WrittenDefinition = packageSchema(strict);

/**
 * A package's definition in v1alpha1, defaults filled in: lists and maps are there, empty texts are not, flags are false. What
 * Zarf keeps apart as absent (`required`, `template`, `mute`, a manifest's namespace) is absent here too.
 */
export type PackageDefinition = z.infer<typeof BuiltDefinition>;
export type ComponentDefinition = PackageDefinition["components"][number];
export type ManifestDefinition = ComponentDefinition["manifests"][number];
export type ChartDefinition = ComponentDefinition["charts"][number];
export type FileDefinition = ComponentDefinition["files"][number];
export type DataInjectionDefinition = ComponentDefinition["dataInjections"][number];
export type ActionSetDefinition = ComponentDefinition["actions"]["onDeploy"];
export type ActionDefinition = ActionSetDefinition["before"][number];
