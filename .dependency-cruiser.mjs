// Who may import whom. `npm run layers` checks it; docs/architecture.md says why.

/** Every package sees the ones before it, through their front doors, and none after it. */
const order = ["tensor", "autograd", "odeint", "models"];

/** Folders of packages/models/src that are no model: any model may use them. */
const shared = ["nn", "optim", "train", "series", "distributions", "mcmc", "report", "testing"];

const models = "^packages/models/src";
const tensor = "^packages/tensor/src";

const looksDownOnly = order.map((name, i) => ({
  name: `${name}-looks-down-only`,
  comment: `${name} may import ${order.slice(0, i).join(", ") || "no other package"}`,
  severity: "error",
  from: { path: `^packages/${name}/`, pathNot: `${models}/cli/` },
  to: { path: "^packages/", pathNot: `^packages/(${order.slice(0, i + 1).join("|")})/` },
}));

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...looksDownOnly,
    {
      name: "kernels-wgsl-sees-only-tensor",
      severity: "error",
      from: { path: "^packages/kernels-wgsl/" },
      to: { path: "^packages/", pathNot: "^packages/(kernels-wgsl|tensor)/" },
    },
    {
      name: "command-line-loads-webgpu-dynamically",
      comment: "@dzdt/kernels-wgsl is an optional peer: a static import fails where it is not installed",
      severity: "error",
      from: { path: `${models}/cli/` },
      to: { path: "^packages/kernels-wgsl/", dependencyTypesNot: ["dynamic-import", "type-only"] },
    },
    {
      name: "front-door-only",
      comment: "import another package by its name, not by the files inside it",
      severity: "error",
      from: { path: "^packages/([^/]+)/" },
      to: {
        path: "^packages/([^/]+)/",
        pathNot: ["^packages/$1/", "^packages/[^/]+/src/((testing|lower)/)?index[.]ts$"],
      },
    },
    {
      name: "models-are-independent",
      comment: "what two models share lives in one of the shared folders",
      severity: "error",
      from: { path: `${models}/([^/]+)/`, pathNot: `${models}/(${shared.join("|")}|cli)/` },
      to: { path: `${models}/[^/]+/`, pathNot: [`${models}/$1/`, `${models}/(${shared.join("|")})/`] },
    },
    {
      name: "lowering-knows-no-primitive",
      comment: "lower and targets ask an op for its rules; they never name one",
      severity: "error",
      from: { path: `${tensor}/(lower|targets)/`, pathNot: "[.]test[.]ts$" },
      to: { path: `${tensor}/primitives/` },
    },
    {
      name: "every-import-resolves",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)dist/" },
    // Imports of types count as looking, too.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@dzdt/source", "import", "node", "default", "types"],
    },
  },
};
