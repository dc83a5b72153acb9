import { findBrowser, type Browser } from "../tools/find-browser.mjs";
import { findGpu, type FoundGpu, type NoGpu } from "../tools/find-gpu.mjs";

/** What this machine can run GPU and browser tests on. */
export interface Devices {
  readonly gpu: FoundGpu | NoGpu;
  readonly browser: Browser | undefined;
  /** Environment for the browser: without VK_DRIVER_FILES, under which Chromium finds no adapter. */
  readonly browserEnv: Record<string, string>;
  /** One line for each thing that is absent, empty if nothing is. */
  readonly absent: readonly string[];
}

const memo = globalThis as { dzdtDevices?: Devices };

/** Looks once per process (vitest evaluates its configuration once per project) and sets the GPU's environment. */
export function devices(): Devices {
  return (memo.dzdtDevices ??= look());
}

function look(): Devices {
  const inherited = Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const gpu = findGpu();
  const browser = findBrowser();
  const absent = [
    ...(gpu.ok ? [] : gpu.tried.map((line) => `no GPU: ${line}`)),
    ...(browser ? [] : ["no browser: set CHROME_PATH, or install Chromium or Chrome"]),
  ];
  if (process.env["REQUIRE_GPU"] && absent.length) {
    throw new Error(
      `vitest: REQUIRE_GPU is set, but ${absent.join("; ")}; unset it to skip the tests of these devices`,
    );
  }
  // Set in the real environment of this process, because the forked workers need it when they start.
  if (gpu.ok) Object.assign(process.env, gpu.env);
  return { gpu, browser, browserEnv: { ...Object.fromEntries(inherited), ...browser?.env }, absent };
}
