import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { createServer as createTlsServer } from "node:tls";
import { testAuthority } from "./authority.ts";
import type { MiddleOrder, MiddleWord } from "./contained-faults.ts";

/**
 * A process between the machines of a rack and the mirror on its laptop: forwards bytes, and breaks what it is told to break. Reads orders
 * from stdin, says what it did on stdout, one JSON object a line. Arguments: host and port of the mirror.
 */
const [host = "", port = ""] = process.argv.slice(2);
const orders = new Map<string, MiddleOrder>();
const counts = new Map<string, number>();
const held = new Set<Socket>();
const say = (word: MiddleWord) => process.stdout.write(`${JSON.stringify(word)}\n`);

function orderFor(client: string): MiddleOrder {
  return orders.get(client) ?? orders.get("*") ?? { client: "*", do: "pass" };
}

const impostor = createTlsServer(testAuthority().server({ ipAddresses: [host] }), (socket) => {
  say({ client: socket.remoteAddress ?? "", what: "trusted the impostor" });
  socket.destroy();
});
impostor.on("tlsClientError", () => say({ client: "", what: "refused the impostor" }));

function forward(near: Socket, client: string): void {
  const far = connect({ host, port: Number(port) });
  const endBoth = () => {
    near.destroy();
    far.destroy();
  };
  for (const socket of [near, far]) socket.on("error", endBoth).on("close", endBoth);
  near.pipe(far);
  far.on("data", (bytes) => {
    const order = orderFor(client);
    const count = (counts.get(client) ?? 0) + bytes.length;
    counts.set(client, count);
    if (order.do === "cut" && count > order.afterBytes) {
      near.resetAndDestroy();
      orders.set(client, { client, do: "refuse" });
      say({ client, what: "cut" });
      return;
    }
    near.write(bytes);
    if (order.do === "hold" && count > order.afterBytes) {
      far.pause();
      held.add(far);
      say({ client, what: "held" });
    }
  });
}

const server = createServer((near) => {
  const client = near.remoteAddress ?? "";
  const order = orderFor(client);
  near.on("error", () => near.destroy());
  if (order.do === "refuse") near.resetAndDestroy();
  else if (order.do === "impostor") impostor.emit("connection", near);
  else forward(near, client);
});
server.listen(0, host, () => say({ client: "", what: "listening", port: (server.address() as AddressInfo).port }));

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const order = JSON.parse(line) as MiddleOrder;
    if (order.client === "*") orders.clear();
    orders.set(order.client, order);
    counts.clear();
    if (order.do !== "hold") for (const socket of held) socket.resume();
    say({ client: order.client, what: "obeyed" });
  })
  .on("close", () => process.exit());
