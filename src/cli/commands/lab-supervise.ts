import type { Handler } from "../command.ts";

/** `skerry lab supervise FOLDER`, which `lab up` starts; it owns a rack's machines until `lab down`. */
export const labSupervise: Handler = async ({ args, self, signal }) => {
  const lab = await import("../../lab/index.ts");
  const processes = { machine: [...self, "lab", "machine"], delay: [...self, "lab", "delay"] };
  await lab.superviseRack(args[0] ?? "", { signal, processes });
  return { exit: 0 };
};
