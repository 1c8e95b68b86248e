/** The process that makes packets late where the kernel cannot: `node delay.ts TAP TAP MILLISECONDS`. Started by a rack's supervisor. */
import { relayLate } from "./contained/rack/delay-relay.ts";

const [, , a = "", b = "", milliseconds = "0"] = process.argv;
await relayLate(a, b, Number(milliseconds));
