import { definePhase } from "../engine/index.ts";
import { remembered, type UpContext } from "../up/context.ts";

/**
 * The laptop mirror. It changes nothing at the site, so it is opened while looking, and a dry run only says where it would be.
 * It stays open until the journey ends.
 */
export const serveMirror = definePhase<UpContext, string>({
  id: "serve-mirror",
  title: "Serve mirror",
  observe: async (context, { dryRun, signal, notice }) => {
    const { site, bundle, world, ports, stateFolder } = context;
    const address = await ports.mirrorAddress(site);
    const host = address.includes(":") ? `[${address}]` : address;
    context.memory.mirrorUrl = `https://${host}:${site.mirror.port}`;
    if (dryRun) {
      notice(`the mirror would be served at ${context.memory.mirrorUrl}`);
      return address;
    }
    context.memory.mirrorSinceMs = world.clock.now().getTime();
    context.memory.mirror = await ports.serveBundle({
      bundle,
      site,
      address,
      keys: remembered(context, "keys"),
      clock: world.clock,
      logFolder: stateFolder,
      signal,
    });
    notice(`the mirror is served at ${context.memory.mirrorUrl}`);
    return address;
  },
  plan: () => [],
  close: async (context) => {
    await context.memory.mirror?.close();
    delete context.memory.mirror;
  },
});
