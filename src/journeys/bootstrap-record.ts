import { join } from "node:path";
import { z } from "zod";
import { parseYamlDocument } from "../lib/yaml/index.ts";
import type { KeptTexts } from "./ports.ts";

const Record = z.strictObject({ node: z.string(), issuedAt: z.string(), answered: z.boolean() });

/** Which node etcd's Bootstrap was sent to; written before the call, so that a run killed in between never picks another node. */
export type BootstrapRecord = Readonly<z.infer<typeof Record>>;

export const bootstrapRecordFile = (stateFolder: string) => join(stateFolder, "bootstrap.json");

export async function readBootstrapRecord(stateFolder: string, texts: KeptTexts): Promise<BootstrapRecord | undefined> {
  const file = bootstrapRecordFile(stateFolder);
  const text = await texts.find(file);
  return text === undefined ? undefined : parseYamlDocument(text, { file, schema: Record }).value;
}

export async function writeBootstrapRecord(
  stateFolder: string,
  record: BootstrapRecord,
  texts: KeptTexts,
): Promise<void> {
  await texts.write(bootstrapRecordFile(stateFolder), `${JSON.stringify(record)}\n`);
}
