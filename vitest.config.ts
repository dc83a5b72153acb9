import { availableParallelism } from "node:os";
import { playwright } from "@vitest/browser-playwright";
import { defaultClientConditions, defaultServerConditions } from "vite";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { CountsReporter } from "./test-support/counts-reporter.ts";
import { devices } from "./test-support/devices.ts";

const { gpu, browser, browserEnv, absent } = devices();

const SKIP_ALL = "./test-support/skip-all-runner.ts";
const everywhere = (suffix: string): string[] => [`packages/*/{src,test}/**/*${suffix}`, `test/**/*${suffix}`];

const nodeProject: TestProjectInlineConfiguration = {
  extends: true,
  test: { name: "node", include: everywhere(".test.ts"), exclude: ["**/*.gpu.test.ts", "**/*.browser.test.ts"] },
};

const gpuProject: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: "gpu",
    include: everywhere(".gpu.test.ts"),
    // Dawn aborts the whole process when a worker thread ends while it maps a buffer.
    pool: "forks",
    ...(gpu.ok ? {} : { runner: SKIP_ALL }),
  },
};

const browserProject: TestProjectInlineConfiguration = {
  extends: true,
  // Cross-origin isolation, without which there is no SharedArrayBuffer.
  server: {
    headers: { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" },
  },
  // Found ahead of the run, because finding it during the run reloads the page.
  optimizeDeps: { include: ["fast-check", "fflate"] },
  test: {
    name: "browser",
    include: [...everywhere(".gpu.test.ts"), ...everywhere(".browser.test.ts")],
    exclude: ["**/*.node.gpu.test.ts"],
    ...(browser
      ? {
          browser: {
            enabled: true,
            headless: true,
            // One page at a time: all pages share one GPU process.
            fileParallelism: false,
            screenshotFailures: false,
            api: { host: "127.0.0.1" },
            instances: [{ browser: "chromium" as const }],
            provider: playwright({
              launchOptions: {
                executablePath: browser.executablePath,
                env: browserEnv,
                args: ["--no-sandbox", "--enable-unsafe-webgpu", "--disable-quic", "--no-first-run", "--disable-sync"],
              },
            }),
          },
        }
      : { runner: SKIP_ALL }),
  },
};

export default defineConfig({
  // vite replaces its default conditions by these, hence the spreads.
  resolve: { conditions: ["@dzdt/source", ...defaultClientConditions] },
  ssr: { resolve: { conditions: ["@dzdt/source", ...defaultServerConditions] } },
  test: {
    reporters: ["default", new CountsReporter(absent)],
    // One seed in CI, so that a red run is red for everybody.
    provide: {
      propertySeed: process.env["CI"] ? 20261121 : null,
      runs: process.env["RUNS"] ? Number(process.env["RUNS"]) : null,
    },
    setupFiles: ["./test-support/setup.ts"],
    testTimeout: 60_000,
    // One file for each processor. vitest leaves one of them to itself, which is half of a machine with two.
    maxWorkers: availableParallelism(),
    projects: [nodeProject, gpuProject, browserProject],
  },
});
