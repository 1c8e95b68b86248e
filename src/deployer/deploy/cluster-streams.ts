import type { KubeStreams } from "../../kube/index.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import type { Site } from "./run.ts";

/** The way into pods; one that refuses by name where none was given, for what may turn out not to need it. */
export function streamsOf({ streams }: Site): KubeStreams {
  return streams ?? { exec: refuse, portForward: refuse };
}

const refuse = async (): Promise<never> => {
  throw new OperatorError(
    "DEPLOY_CLUSTER_MISSING",
    "this leads into a pod, and no way through the API server was given",
    {
      next: ["--kubeconfig FILE   names a cluster whose API server leads into its pods"],
    },
  );
};
