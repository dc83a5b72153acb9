import type { Reporter, SerializedError, TestModule } from "vitest/node";

/** Ends a run with what was not run and why, and then one plain line: `N passed, N failed, N skipped`. */
export class CountsReporter implements Reporter {
  readonly #absent: readonly string[];

  /** @param absent one line for each thing that was looked for and not found */
  constructor(absent: readonly string[]) {
    this.#absent = absent;
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const count = { passed: 0, failed: errors.length, skipped: 0 };
    let devices = 0;
    const skipped: string[] = [];
    for (const module of modules) {
      const before = { ...count };
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        // A test that never ended (bail, a crashed worker) has not passed.
        count[state === "pending" ? "failed" : state] += 1;
        if (state === "skipped" && module.project.name === "node") skipped.push(test.fullName);
      }
      // A file that does not load, or whose hooks fail, may have no failed test.
      if (!module.ok() && count.failed === before.failed) count.failed += 1;
      if (module.project.name !== "node") devices += count.skipped - before.skipped;
    }
    // Names of tests that may be skipped say what they need.
    for (const name of skipped) console.log(`skipped: ${name}`);
    if (devices || this.#absent.length) console.log(banner(devices, this.#absent));
    console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  }
}

function banner(skipped: number, absent: readonly string[]): string {
  const rule = "!".repeat(80);
  return [rule, `!! ${skipped} GPU and browser tests did not run`, ...absent.map((line) => `!!   ${line}`), rule].join(
    "\n",
  );
}
