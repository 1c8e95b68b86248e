import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The real git, serving repositories over HTTP as any Git server does. */
export interface TestGitServer {
  /** `http://127.0.0.1:40123` */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** An empty repository, by its path in the URL: `zarf-git-user/site-1.git`. */
  readonly create: (path: string) => Promise<void>;
  /** Another name for a repository, in the same folder. */
  readonly alias: (path: string, name: string) => Promise<void>;
  /** Reference to hash, HEAD included where it points to something, sorted. */
  readonly references: (path: string) => Promise<readonly (readonly [string, string])[]>;
  /** Runs git in the repository. */
  readonly git: (path: string, ...args: readonly string[]) => Promise<string>;
  /** A hook of the repository, as a shell script. */
  readonly hook: (path: string, name: string, script: string) => Promise<void>;
  /** Method and path of every request. */
  readonly requests: readonly string[];
  /** Answers the next requests so, before git sees them. */
  readonly fail: (...statuses: readonly (number | "cut")[]) => void;
  readonly close: () => Promise<void>;
}

const environment = {
  PATH: process.env["PATH"] ?? "",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "Test",
  GIT_AUTHOR_EMAIL: "test@example.com",
  GIT_COMMITTER_NAME: "Test",
  GIT_COMMITTER_EMAIL: "test@example.com",
  GIT_AUTHOR_DATE: "2026-01-01T00:00:00Z",
  GIT_COMMITTER_DATE: "2026-01-01T00:00:00Z",
};

/** Runs git in a folder, without any configuration of this machine. */
export async function git(folder: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run("git", args, { cwd: folder, env: environment });
  return stdout.trim();
}

/** @param options.password - of the one user; default "not-a-secret" */
export async function startGitServer(options: { readonly password?: string } = {}): Promise<TestGitServer> {
  const folder = await mkdtemp(join(tmpdir(), "skerry-git-"));
  const [username, password] = ["zarf-git-user", options.password ?? "not-a-secret"];
  const requests: string[] = [];
  const failures: (number | "cut")[] = [];
  const children = new Set<ChildProcess>();
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const failure = failures.shift();
    if (failure === "cut") return void request.socket.destroy();
    if (failure !== undefined) return void response.writeHead(failure).end();
    const expected = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
    if (request.headers.authorization !== expected) return void response.writeHead(401).end();
    serve(folder, request, response, children);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const inRepository = (path: string, ...args: readonly string[]): Promise<string> => git(join(folder, path), ...args);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    username,
    password,
    requests,
    create: async (path) => {
      await git(folder, "init", "--quiet", "--bare", "--initial-branch=main", path);
      await inRepository(path, "config", "http.receivepack", "true");
    },
    alias: (path, name) => symlink(basename(path), join(folder, dirname(path), name)),
    references: async (path) => {
      const listed = await git(folder, "ls-remote", path);
      return listed
        .split("\n")
        .filter((line) => line !== "" && !line.endsWith("^{}"))
        .map((line) => [line.slice(41), line.slice(0, 40)] as const)
        .sort(([one], [other]) => (one < other ? -1 : 1));
    },
    git: inRepository,
    hook: async (path, name, script) => {
      await writeFile(join(folder, path, "hooks", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    },
    fail: (...statuses) => void failures.push(...statuses),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      await Promise.all([...children].map((child) => once(child, "close")));
      await rm(folder, { recursive: true });
      if (failures.length > 0) throw new Error(`unused: ${failures.join(", ")}`);
    },
  };
}

/** One request through git's own CGI program. @see https://git-scm.com/docs/git-http-backend */
function serve(folder: string, request: IncomingMessage, response: ServerResponse, children: Set<ChildProcess>): void {
  const url = new URL(request.url ?? "/", "http://localhost");
  const child = spawn("git", ["http-backend"], {
    env: {
      ...environment,
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      REQUEST_METHOD: request.method ?? "GET",
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      REMOTE_USER: "test",
      ...(request.headers["content-length"] === undefined ? {} : { CONTENT_LENGTH: request.headers["content-length"] }),
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  children.add(child);
  child.once("close", () => children.delete(child));
  child.stdin.on("error", () => undefined);
  request.pipe(child.stdin);
  request.once("close", () => {
    if (!request.complete) child.kill();
  });
  let head = Buffer.alloc(0);
  child.stdout.on("data", (chunk: Buffer) => {
    if (response.headersSent) return void response.write(chunk);
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    const headers = head
      .toString("latin1", 0, end)
      .split("\r\n")
      .map((line) => line.split(": ", 2));
    const status = headers.find(([name]) => name === "Status")?.[1];
    for (const [name = "", value = ""] of headers) if (name !== "Status") response.setHeader(name, value);
    response.writeHead(status === undefined ? 200 : Number(status.slice(0, 3)));
    response.write(head.subarray(end + 4));
  });
  child.stdout.once("end", () => response.end());
}
