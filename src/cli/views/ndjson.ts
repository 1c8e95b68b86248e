import { redactSecrets } from "../../lib/errors/index.ts";
import type { View } from "./view.ts";

/** `--events`: each event as a line of JSON, redacted; nothing else ever goes to that stream. */
export function ndjsonView(write: (text: string) => void): View {
  return {
    emit: (event) => write(`${redactSecrets(JSON.stringify(event))}\n`),
    say: () => undefined,
    close: async () => undefined,
  };
}
