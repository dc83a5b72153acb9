// Finds a Chromium for the browser tests: CHROME_PATH, an installed one, or the one from npm.
import { existsSync } from "node:fs";
import { npmChromium } from "./npm-binaries.mjs";

/** @typedef {{ executablePath: string, env: Record<string, string>, source: string }} Browser */

const INSTALLED = [
  "/usr/bin/chromium",
  "/usr/bin/google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** @returns {Browser | undefined} */
export function findBrowser() {
  const named = process.env.CHROME_PATH;
  if (named) return { executablePath: named, env: {}, source: "CHROME_PATH" };
  const installed = INSTALLED.find((file) => existsSync(file));
  if (installed) return { executablePath: installed, env: {}, source: installed };
  const fromNpm = npmChromium();
  return fromNpm && { ...fromNpm, source: "@sparticuz/chromium from npm" };
}
