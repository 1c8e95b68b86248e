import { connect } from "node:net";
import { connectNode } from "../../src/talos/api/index.ts";

/** What a machine in maintenance shows at an address: its disks, or the code of the error that a connection ends with. */
const [, , address = ""] = process.argv;
const code = await new Promise<string | undefined>((resolve) => {
  const socket = connect(50_000, address, () => {
    socket.destroy();
    resolve(undefined);
  }).once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
});
if (code !== undefined) console.log(JSON.stringify({ code }));
else {
  const client = connectNode({ node: "n", address, identity: { kind: "maintenance" } });
  console.log(JSON.stringify({ disks: await client.disks({ signal: AbortSignal.timeout(10_000) }) }));
  client.close();
}
