import { defineConfig } from "vitest/config";

/** One project per kind of test (see CONTRIBUTING.md): what each proves decides where it lives. */
const project = (name: string, options: { timeoutMs: number; alone: boolean }) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    environment: "node" as const,
    pool: "forks" as const,
    testTimeout: options.timeoutMs,
    hookTimeout: options.timeoutMs,
    fileParallelism: !options.alone,
    // The command line is tested as it ships.
    ...(options.alone ? { globalSetup: ["test/support/build.ts"] } : {}),
  },
});

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      project("unit", { timeoutMs: 20_000, alone: false }),
      project("contract", { timeoutMs: 120_000, alone: false }),
      project("e2e", { timeoutMs: 600_000, alone: true }),
      project("real", { timeoutMs: 900_000, alone: true }),
      project("long", { timeoutMs: 900_000, alone: true }),
    ],
  },
});
