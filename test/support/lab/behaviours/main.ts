import { startLaptop } from "../rehearsal.ts";
import { observeLife } from "./lifecycle.ts";
import { startTestRegistries } from "./test-registries.ts";

/** What the test tells this process: the one machine of the rack, and where the laptop is in its network. */
export interface BehavioursRequest {
  readonly node: { readonly name: string; readonly address: string };
  readonly endpoint: string;
  readonly laptopAddress: string;
}

/*
 * Runs in the network of a rack's laptop, which for a contained rack is a namespace that a test runner cannot enter, and prints one
 * observation a line.
 */
const request = JSON.parse(process.argv[2] ?? "{}") as BehavioursRequest;
const signal = AbortSignal.timeout(600_000);
const registries = await startTestRegistries(request.laptopAddress);
const laptop = await startLaptop({ endpoint: request.endpoint, address: request.laptopAddress, signal });
try {
  await observeLife({ node: request.node, laptop, registries });
} catch (error) {
  console.error(error);
  process.exit(1);
}
await laptop.close();
await registries.close();
process.exit(0);
