import { status } from "@grpc/grpc-js";
import { expect, it } from "vitest";
import { callError } from "../../../../src/talos/api/failures.ts";

it("says what the socket said of a node that cannot be reached, without the words of the transport", () => {
  const { message } = callError({
    node: "cp-1",
    method: "machine.MachineService/Version",
    code: status.UNAVAILABLE,
    details: "No connection established. Last error: Error: connect EHOSTUNREACH 10.5.0.2:50000. Resolution note: ",
    connected: false,
    handshake: undefined,
    deadlineMs: undefined,
    cause: undefined,
  });

  expect(message).toBe("cp-1 cannot be reached: connect EHOSTUNREACH 10.5.0.2:50000");
});
