import { status } from "@grpc/grpc-js";
import { RpcStatus } from "../../../talos/api/index.ts";
import type { BootstrapOrder } from "../../interior.ts";
import type { Boot } from "../boot.ts";

const CRI_WAIT_MS = 1000;
const TIME_WAIT_MS = 5000;
const STEP_MS = 50;

/** Bootstrap as machined does it: a short wait for cri, a longer one for the clock, then etcd. */
export async function bootstrap(
  boot: Boot,
  order: BootstrapOrder,
  signal: AbortSignal,
): Promise<{ messages: Record<string, never>[] }> {
  // The lab starts cri only with the right time, so the clock is asked for first.
  if (boot.status.stage === "booting" && !(await holds(boot, () => boot.timeSynced, TIME_WAIT_MS, signal)))
    throw new RpcStatus(status.FAILED_PRECONDITION, "time is not in sync yet");
  if (!(await holds(boot, () => boot.services.isUp("cri"), CRI_WAIT_MS, signal)))
    throw new RpcStatus(status.FAILED_PRECONDITION, "bootstrap is not available yet");
  const answer = await boot.ports.options.interior.bootstrapEtcd(order);
  if (answer === "data-not-empty") throw new RpcStatus(status.ALREADY_EXISTS, "etcd data directory is not empty");
  boot.markBootstrapped();
  return { messages: [{}] };
}

async function holds(boot: Boot, condition: () => boolean, ms: number, signal: AbortSignal): Promise<boolean> {
  const { clock } = boot.ports.options;
  for (let waited = 0; waited < ms; waited += STEP_MS) {
    if (condition()) return true;
    await clock.sleep(STEP_MS, { signal });
  }
  return condition();
}
