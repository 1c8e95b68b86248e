import type { Clock } from "../../lib/clock.ts";
import { newPrivateKeyPem } from "../../lib/x509/key.ts";
import type { Journal, JournalEntry } from "../engine/index.ts";
import type { JourneyPorts } from "../ports.ts";
import { mintSiteKeys, type SiteKeys } from "../site-keys.ts";

/**
 * What a rehearsal keeps instead of files: secrets of its own, kubeconfig and records. The site's secrets are neither read nor
 * made. It is gone with the process.
 */
export function memoryPorts(): Pick<JourneyPorts, "keys" | "texts"> {
  const texts = new Map<string, string>();
  let kept: SiteKeys | undefined;
  return {
    keys: {
      load: async () => kept,
      // Nobody signs tokens with this key: a small one does, and is made at once.
      mint: async (clock: Clock) => await mintSiteKeys(clock, { newServiceAccountKey: () => newPrivateKeyPem("p256") }),
      save: async (_site, keys) => {
        kept = { ...keys, kept: { talos: true, site: true } };
      },
    },
    texts: {
      find: async (file) => texts.get(file),
      write: async (file, text) => void texts.set(file, text),
    },
  };
}

/** A journal that lasts as long as the process. */
export function memoryJournal(): Journal {
  const successes = new Map<string, JournalEntry>();
  return {
    append: async (entry) => {
      if (entry.outcome === "succeeded") successes.set(entry.step, entry);
    },
    lastSuccess: (step) => successes.get(step),
    close: async () => {},
  };
}
