import { workplaceFor } from "../deploy/workplace-for.ts";
import { kubeconfigFile } from "../phases/fetch-kubeconfig.ts";
import type { JourneyPorts } from "../ports.ts";
import type { UpContext } from "./context.ts";

/** Where the commands of the site's packages run: with the site's own kubeconfig. A rehearsal pretends to run them. */
export function workplaceOf({ ports, world, stateFolder }: UpContext): NonNullable<JourneyPorts["workplace"]> {
  return ports.workplace ?? workplaceFor({ kubeconfig: kubeconfigFile(stateFolder), self: world.self });
}
