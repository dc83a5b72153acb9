import { TestRunner } from "vitest";

/**
 * Collects tests and runs none, so that the tests of a project whose device is absent are counted as skipped, without
 * a condition in every test file.
 */
export default class SkipAllRunner extends TestRunner {
  constructor(config: ConstructorParameters<typeof TestRunner>[0]) {
    super({ ...config, testNamePattern: /(?!)/ });
  }
}
