// Finds an environment in which Dawn for Node (npm `webgpu`) computes right numbers: the machine's own driver, then
// SwiftShader from npm, then the SwiftShader of an installed browser.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { swiftshaderFolder } from "./npm-binaries.mjs";

/** @typedef {{ ok: true, source: string, description: string, env: Record<string, string> }} FoundGpu */
/** @typedef {{ ok: false, tried: string[] }} NoGpu */

const PROBE = fileURLToPath(new URL("./probe-adapter.mjs", import.meta.url));
const BROWSER_ICDS = ["/usr/lib/chromium/vk_swiftshader_icd.json", "/opt/google/chrome/vk_swiftshader_icd.json"];

/**
 * @param {Record<string, string>} env
 * @returns {{ ok: true, description: string } | { ok: false, why: string }}
 */
function probe(env) {
  const { stdout, status, signal } = spawnSync(process.execPath, [PROBE], {
    env: { ...process.env, ...env },
    encoding: "utf8",
    timeout: 60_000,
  });
  try {
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  } catch {
    return { ok: false, why: `the probe died (exit code ${status}, signal ${signal})` };
  }
}

/** @returns {Record<string, string> | undefined} */
function npmSwiftshader() {
  const folder = swiftshaderFolder();
  if (!folder) return undefined;
  return {
    VK_DRIVER_FILES: path.join(folder, "vk_swiftshader_icd.json"),
    // The Vulkan loader is in the same folder, for machines that have none.
    LD_LIBRARY_PATH: [process.env.LD_LIBRARY_PATH, folder].filter(Boolean).join(":"),
  };
}

/** @type {{ source: string, environment: () => Record<string, string> | undefined }[]} */
const CANDIDATES = [
  { source: "the machine's own driver", environment: () => ({}) },
  { source: "SwiftShader from npm", environment: npmSwiftshader },
  ...BROWSER_ICDS.map((file) => ({
    source: `SwiftShader in ${path.dirname(file)}`,
    environment: () => (existsSync(file) ? { VK_DRIVER_FILES: file } : undefined),
  })),
];

/** @returns {FoundGpu | NoGpu} */
export function findGpu() {
  const tried = [];
  for (const { source, environment } of CANDIDATES) {
    const env = environment();
    const result = env ? probe(env) : { ok: /** @type {const} */ (false), why: "not installed" };
    if (env && result.ok) return { ...result, source, env };
    if (!result.ok) tried.push(`${source}: ${result.why}`);
  }
  return { ok: false, tried };
}
