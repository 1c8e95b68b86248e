/** The arrows of the house: cli → journeys → {site, talos, bundle, deployer, boot} → {oci, kube} → lib. */
const outside = (room, allowed) => ({
  name: `${room}-imports`,
  comment: `${room} may use only ${allowed.join(", ")}: the middle rooms do not know each other, journeys joins them.`,
  severity: "error",
  from: { path: `^src/${room}/` },
  to: { path: "^src/", pathNot: [`^src/${room}/`, ...allowed.map((name) => `^src/${name}/`)] },
});

module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      comment: "A cycle means two files are one thought.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    outside("lib", []),
    outside("oci", ["lib"]),
    outside("kube", ["lib"]),
    outside("site", ["lib", "oci", "kube"]),
    outside("talos", ["lib", "oci", "kube"]),
    outside("bundle", ["lib", "oci", "kube"]),
    outside("deployer", ["lib", "oci", "kube"]),
    outside("lab", ["lib", "oci", "kube", "site", "talos", "bundle", "deployer"]),
    outside("journeys", ["lib", "oci", "kube", "site", "talos", "bundle", "deployer"]),
    {
      name: "rooms-meet-through-index",
      comment: "Another room is used through its index.ts only, so that its inside can change.",
      severity: "error",
      from: { path: "^src/([^/]+)/" },
      to: {
        path: "^src/([^/]+)/.+",
        pathNot: ["^src/$1/", "^src/[^/]+/index\\.ts$", "^src/lib/", "^src/talos/[^/]+/index\\.ts$"],
      },
    },
    {
      name: "grpc-stays-at-the-edge",
      comment: "Only the gRPC edge folders speak grpc-js.",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/talos/api/", "^src/lab/"] },
      to: { path: "node_modules/@grpc/" },
    },
    {
      name: "pure-folders-stay-pure",
      comment: "Configs, patches and plans are values in, values out: no clock, disk, network or process.",
      severity: "error",
      from: { path: "^src/talos/(config|conditions)/" },
      to: { path: ["^src/talos/api/", "^node:(fs|net|tls|http|https|child_process|os)"] },
    },
    {
      name: "commander-stays-in-cli",
      comment: "Argument parsing and terminals belong to cli.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/cli/" },
      to: { path: "node_modules/(commander|listr2|@inquirer|picocolors)/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: ["src/talos/api/gen/", "test/fixtures/"] },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: [".ts", ".js", ".json"],
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "node"],
    },
  },
};
