import { type NodeClient, resourceKinds } from "../talos/api/index.ts";

/**
 * What a machine says that lasts as long as its boot: Talos makes the record of its status anew whenever it starts.
 *
 * @returns undefined where it does not say
 */
export async function bootOf(client: NodeClient, signal: AbortSignal): Promise<string | undefined> {
  const status = await client.get(resourceKinds.machineStatus, "machine", { signal });
  return status?.created?.toISOString();
}
