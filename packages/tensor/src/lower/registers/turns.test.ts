import fc from "fast-check";
import { expect, test } from "vitest";
import { ops } from "../../index";
import { instantiate, read, scratch, write } from "../../targets/wasm/testing/lanes";
import { trace } from "../../trace";
import type { LoopAttributes } from "../control";
import type { Value } from "../emitter";
import { constantAt } from "./cells";
import { Folding } from "./folding";
import { knownInt } from "./known";
import { inTurns } from "./turns";

const int = { dtype: "int32", shape: [] } as const;

/** Counts from 0 to a limit; its rows are what it counts. */
const counting: LoopAttributes = {
  body: trace("body", (_i, c) => [ops.add(c, 1), c], [int, int], { frozen: true }).tape,
  condition: trace("condition", (c, limit) => [ops.less(c, limit)], [int, int]).tape,
  carries: 1,
  xs: 0,
  length: 1000,
  counted: false,
  reverse: false,
  ys: ["each"],
  rows: 0,
  lanes: 0,
};

interface Run {
  /** How often the lanes went on together. */
  readonly rounds: number;
  /** The number of iterations of each row. */
  readonly steps: readonly number[];
}

/** Runs rows of given numbers of iterations on so many lanes. */
function runOf(limits: readonly number[], lanes: number): Run {
  const [rounds, limitsAt, stepsAt] = [scratch, 1024, 8192];
  const { run, view } = instantiate((k) => {
    const emitter = k.lanes(lanes)!;
    const f = new Folding(emitter, { emitter, scalar: k });
    const place = (row: Value): Value => f.mul(row, knownInt(4));
    const at = k.literal("int32", rounds);
    inTurns(
      f,
      {
        loop: counting,
        count: undefined,
        carries: [int],
        constants: [],
        conditionConstants: [int],
        kept: [],
        begin: (row) => [
          { aval: int, read: () => knownInt(0) },
          constantAt(f, int, { base: place(row), offset: limitsAt }),
        ],
        put: () => k.store("int32", at, 0, k.add(k.load("int32", at, 0), k.literal("int32", 1))),
        finish: (row, _carries, steps) => f.store("int32", place(row), stepsAt, steps),
      },
      { from: k.literal("int32", 0), end: k.literal("int32", limits.length) },
      { iterations: Infinity },
    );
  });
  write(view, "int32", limitsAt, limits);
  run();
  return { rounds: read(view, "int32", rounds, 1)[0]!, steps: read(view, "int32", stepsAt, limits.length) };
}

/** With the last row only begun when no lane is idle, its length is all that may be added to an even share of the rest. */
function expectBalance(limits: readonly number[], lanes: number): void {
  const { rounds, steps } = runOf(limits, lanes);
  expect(steps).toEqual(limits);
  const [total, longest] = [limits.reduce((a, b) => a + b, 0), Math.max(...limits)];
  expect(rounds).toBeGreaterThanOrEqual(Math.max(longest, Math.ceil(total / lanes)));
  expect(rounds).toBeLessThanOrEqual(longest + (total - longest) / lanes);
}

const widths = [1, 2, 4, 8] as const;

test("no lane is idle while there are rows that none has taken", () =>
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 150 }),
      fc.constantFrom(...widths),
      expectBalance,
    ),
    { numRuns: 40 },
  ));

test("long rows at any distance from each other are shared among all lanes", () => {
  for (const period of [2, 4, 7, 8, 9, 16])
    for (const lanes of widths)
      expectBalance(
        Array.from({ length: 131 }, (_, i) => (i % period === 0 ? 100 : 5)),
        lanes,
      );
});

test("rows of equal length take turns together", () => {
  expect(runOf(new Array<number>(128).fill(12), 8).rounds).toBe((128 / 8) * 12);
});
