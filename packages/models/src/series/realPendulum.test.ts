import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { derivatives } from "./derivatives";
import { readTable } from "./readTable";
import { windows } from "./windows";

const file = fileURLToPath(new URL("../../../../../shared/data/real-pendulum/real_pend_h_1.csv", import.meta.url));
const present = existsSync(file);

describe.skipIf(!present)("the measured pendulum (needs shared/data/real-pendulum)", () => {
  const read = () =>
    readTable(readFileSync(file, "utf8"), {
      columns: ["o", "v"],
      time: "t",
      trial: "trial",
      where: "real_pend_h_1.csv",
    });

  test("has 556 rows in one trial", () => {
    const table = read();
    expect(table.rows).toBe(556);
    expect(table.trials).toHaveLength(1);
    expect([table.time[0], table.columns["o"]?.[0], table.columns["v"]?.[0]]).toEqual([5, 1.1383886, 0.91977959]);
  });

  test("gives 555 forward differences, and central ones except beside its ten longer gaps", () => {
    const table = read();
    const forward = derivatives(table, { scheme: "forward" });
    expect(forward.count).toBe(555);
    // the record's velocity column is the derivative of its angle
    expect(forward.derivatives[0]).toBeCloseTo((1.2753555 - 1.1383886) / (5.166667 - 5), 10);
    const central = derivatives(table, { scheme: "central" });
    expect(central.count).toBeGreaterThan(530);
    expect(central.count).toBeLessThan(545);
    const error = central.time.reduce(
      (sum, _, i) => sum + ((central.derivatives[2 * i] ?? NaN) - (central.states[2 * i + 1] ?? NaN)) ** 2,
      0,
    );
    expect(Math.sqrt(error / central.count)).toBeLessThan(0.1);
  });

  test("gives windows of seven rows, a sixth of a second apart", () => {
    const result = windows(read(), { length: 7 });
    expect(result.gap).toBeCloseTo(1 / 6, 6);
    expect(result.count).toBeGreaterThan(480);
    expect(result.count).toBeLessThan(550);
    expect(result.states).toHaveLength(result.count * 7 * 2);
  });
});
