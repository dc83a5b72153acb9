import process from "node:process";
import { chromium, type Browser, type Page } from "playwright";
import { expect, test } from "vitest";
import { findBrowser } from "../tools/find-browser.mjs";
import type { LossOutcome } from "./webgpu-page/loss";
import type { PageOutcome } from "./webgpu-page/page";
import { bundledSite, importMapSite, serving, type Site } from "./webgpu-page/site";

const browser = findBrowser();

/** What the page of a site computes in a browser of its own. @param meanwhile what happens to it */
async function outcomeOf<Outcome>(
  site: Site,
  meanwhile: (page: Page, chrome: Browser) => Promise<void> = () => Promise.resolve(),
): Promise<Outcome> {
  const given = Object.entries({ ...process.env, ...browser!.env });
  // Chromium finds no adapter where this is set.
  const env = Object.fromEntries(given.filter((pair): pair is [string, string] => pair[0] !== "VK_DRIVER_FILES"));
  const chrome = await chromium.launch({
    executablePath: browser!.executablePath,
    env,
    args: ["--no-sandbox", "--enable-unsafe-webgpu", "--disable-quic", "--no-first-run", "--disable-sync"],
  });
  try {
    return await serving(site, async (address) => {
      const page = await chrome.newPage();
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("console", (message) => complaints.push(message.text()));
      await page.goto(address);
      await meanwhile(page, chrome);
      await page
        .waitForFunction(() => "outcome" in globalThis, undefined, { timeout: 100_000 })
        .catch((error: unknown) => {
          throw new Error(`${String(error)}; the page says: ${complaints.join("; ")}`);
        });
      return page.evaluate(() => (globalThis as { outcome?: unknown }).outcome as Outcome);
    });
  } finally {
    await chrome.close();
  }
}

test.skipIf(!browser).each([
  ["a bundler, under a strict content security policy,", bundledSite],
  ["an import map", importMapSite],
] as const)(
  "in a browser, a page made with %s multiplies, differentiates, solves and trains on webgpu as on wasm",
  async (_how, make) => {
    const { error, adapter, found, expected } = await outcomeOf<PageOutcome>(await make());
    expect(error).toBeUndefined();
    expect(adapter).toMatch(/\w/);
    expect(Object.keys(found!)).toEqual(["a matmul", "a gradient", "a solve", "a training step"]);
    for (const [name, values] of Object.entries(expected!)) {
      expect(values.length).toBeGreaterThan(3);
      const far = values.map((x, i) => Math.abs(x - found![name]![i]!));
      expect(Math.max(...far), name).toBeLessThan(name === "a training step" ? 1e-3 : 1e-4);
    }
  },
  120_000,
);

test.skipIf(!browser)(
  "in a browser, a page whose process for GPUs ends is told that its device is lost, and may have a new one",
  async () => {
    const outcome = await outcomeOf<LossOutcome>(await bundledSite("loss"), async (page, chrome) => {
      await page.waitForFunction(() => "computing" in globalThis);
      await (await chrome.newBrowserCDPSession()).send("Browser.crashGpuProcess");
    });
    const lost = expect.stringMatching(/DeviceError: compile: the WebGPU device is lost/) as string;
    expect(outcome).toEqual({ data: lost, call: lost, again: [2, 2, 2] });
  },
  120_000,
);
