import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readTextFile, writeFileWhole } from "../lib/files.ts";
import { parseYamlDocument } from "../lib/yaml/index.ts";

const Record = z.strictObject({ node: z.string(), issuedAt: z.string(), answered: z.boolean() });

/** Which node etcd's Bootstrap was sent to; written before the call, so that a run killed in between never picks another node. */
export type BootstrapRecord = Readonly<z.infer<typeof Record>>;

export const bootstrapRecordFile = (stateFolder: string) => join(stateFolder, "bootstrap.json");

export async function readBootstrapRecord(stateFolder: string): Promise<BootstrapRecord | undefined> {
  const file = bootstrapRecordFile(stateFolder);
  if (!existsSync(file)) return undefined;
  return parseYamlDocument(await readTextFile(file), { file, schema: Record }).value;
}

export async function writeBootstrapRecord(stateFolder: string, record: BootstrapRecord): Promise<void> {
  await writeFileWhole(bootstrapRecordFile(stateFolder), `${JSON.stringify(record)}\n`, { mode: 0o600 });
}
