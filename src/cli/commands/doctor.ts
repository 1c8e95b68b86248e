import type { Diagnosis } from "../../lab/index.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import type { Handler } from "../command.ts";
import { exitCodeOf } from "../exit-code.ts";
import { stateFolderOf } from "../folders.ts";
import { interiorOf } from "../interior.ts";
import { renderDiagnosis } from "../views/doctor.ts";
import { worldOf } from "../world.ts";

/** Who waits longer than this is told why. */
const PATIENCE_MS = 1000;

/** `skerry doctor` */
export const doctor: Handler = async (call) => {
  const stateDir = stateFolderOf(call);
  const interior = interiorOf(call);
  const { notice } = worldOf(call);
  const timer = setTimeout(() => notice("Trying what namespaces and the kernel of this computer can do"), PATIENCE_MS);
  try {
    const { examineComputer } = await import("../../lab/index.ts");
    const diagnosis = await examineComputer({
      stateDir,
      interior,
      env: call.environment,
      program: call.self.at(-1) ?? "",
      now: call.clock.now(),
      signal: call.signal,
    });
    const text = call.flags.quiet ? {} : { text: renderDiagnosis(diagnosis, call.terminal.stdout) };
    const document = { kind: "Diagnosis", data: diagnosis };
    if (diagnosis.abilities.some(({ ok }) => ok)) return { exit: 0, ...text, document };
    const error = cannotRehearse(diagnosis);
    return { exit: exitCodeOf(error), ...text, document, error };
  } finally {
    clearTimeout(timer);
  }
};

function cannotRehearse({ abilities, findings }: Diagnosis): OperatorError {
  const ids = new Set(abilities.flatMap(({ lacking }) => lacking));
  const lacking = findings.filter(({ id }) => ids.has(id));
  const kinds = abilities.map(({ interior }) => interior).join(" or ");
  return new OperatorError("LAB_CANNOT_REHEARSE", `this computer can have no ${kinds} rack`, {
    problems: lacking.map(({ title, detail }) => ({ message: `${title}: ${detail}` })),
    next: [...new Set(lacking.flatMap(({ next }) => next ?? []))],
    retry: "later",
  });
}
