/** Writes this folder's pages and schemas from the code: `npm run generate`. The output is committed; drift fails the gate. */
import { join } from "node:path";
import { writeFileWhole } from "../../src/lib/files.ts";
import { referenceFiles } from "./generator/reference-files.ts";

for (const [name, content] of await referenceFiles()) {
  await writeFileWhole(join(import.meta.dirname, name), content);
}
