/** The process of a machine of a contained rack: `node machine.ts FOLDER NAME`. Started by the rack's supervisor. */
import { runContainedMachine } from "./contained/rack/machine-process.ts";

const [, , folder = "", name = ""] = process.argv;
await runContainedMachine(folder, name);
process.exit();
