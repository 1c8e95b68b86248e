import { type DeployEvent, describeEvent } from "../../deployer/index.ts";
import type { StepOptions } from "../engine/index.ts";

/** What a deployment tells, under its step; what the operator should know stays on screen, and so does what commands print. */
export function tellStep({ progress, notice }: Pick<StepOptions, "progress" | "notice">): (event: DeployEvent) => void {
  return (event) => {
    const text = describeEvent(event);
    if (text === undefined) return;
    const isPrinted = event.kind === "action" && event.event.kind === "line";
    (event.kind === "notice" || isPrinted ? notice : progress)(text);
  };
}
