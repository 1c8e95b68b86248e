import { OperatorError } from "../../lib/errors/index.ts";
import type { Workplace } from "./request.ts";

export function localWorkplace(): Workplace {
  const none = async (): Promise<never> => {
    throw new OperatorError("PACKAGE_FEATURE_UNSUPPORTED", "actions");
  };
  return {
    folder: process.cwd(),
    commands: { platform: "linux", run: none },
    network: { tcp: none, http: none },
  };
}
