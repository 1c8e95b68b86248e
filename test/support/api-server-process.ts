import { createServer } from "node:https";
import { testAuthority } from "./authority.ts";

/** Answers on port 6443 of its network as a kube-apiserver does that refuses strangers, with a name; until it is killed. */
const [, , name = ""] = process.argv;
createServer(testAuthority().server(), (_request, response) => response.writeHead(401).end(name)).listen(
  6443,
  "0.0.0.0",
  () => console.log("listening"),
);
