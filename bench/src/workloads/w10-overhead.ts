import { compile, concat, full, slice, type Tensor, zeros } from "@dzdt/tensor";
import { freshProcess } from "../fresh-process";
import type { Attempt, Case } from "../case";
import { numbersAre } from "../check";

/** How often b is added. */
export const count = 1000;

/** Sixteen floats of 500 after 1000 additions of a half. */
const check = numbersAre(new Array<number>(16).fill(count / 2), 1e-6);

function adding(add: (x: Tensor, b: Tensor) => Tensor): Attempt {
  const b = full([16], 0.5);
  const run = (): Tensor => {
    let x = zeros([16]);
    for (let i = 0; i < count; i++) x = add(x, b);
    return x;
  };
  return { run: () => run().dispose(), result: () => Array.from(run().dataSync()) };
}

function whole(): Attempt {
  const [x, b] = [zeros([16]), full([16], 0.5)];
  const all = compile((x: Tensor, b: Tensor) => {
    for (let i = 0; i < count; i++) x = x.add(b);
    return x;
  });
  return {
    note: "a tape of 1000 nodes",
    run: () => all(x, b).dispose(),
    result: () => Array.from(all(x, b).dataSync()),
  };
}

/** Products, folds, views and elementwise operations in turns, 13 nodes each time, which the first call traces and compiles. */
const mixedRounds = 77;

function mixed(): Attempt {
  const [x, w] = [full([8, 8], 0.5), full([8, 8], 0.1)];
  const all = compile((x: Tensor, w: Tensor) => {
    for (let i = 0; i < mixedRounds; i++) {
      const h = x.matmul(w).tanh();
      const row = h.sum(1).reshape([8, 1]).mul(0.125);
      const turned = h.mul(row).transpose();
      x = concat([slice(turned, [0, 0], [4, 8]), slice(x, [4, 0], [8, 8])], 0)
        .add(x)
        .mul(0.5);
    }
    return x;
  });
  return {
    note: "a tape of 1001 nodes: the goal is a first call of 100 ms",
    run: () => all(x, w).dispose(),
    result: () => Array.from(all(x, w).dataSync()),
  };
}

/** The same in float64 arithmetic. */
function mixedReference(): number[] {
  let x = Array.from({ length: 8 }, () => new Array<number>(8).fill(0.5));
  for (let round = 0; round < mixedRounds; round++) {
    const h = x.map((row) => row.map(() => Math.tanh(row.reduce((sum, each) => sum + 0.1 * each, 0))));
    const scaled = h.map((row) => row.map((each) => each * 0.125 * row.reduce((sum, other) => sum + other, 0)));
    x = x.map((row, i) => row.map((each, j) => 0.5 * (each + (i < 4 ? scaled[j]![i]! : each))));
  }
  return x.flat();
}

/** What a call costs, and what a process costs until its first result. */
export const cases: readonly Case[] = [
  { name: "W10.eager", n: 16, dtype: "f32", check, dzdt: () => adding((x, b) => x.add(b)) },
  {
    name: "W10.jit-call",
    n: 16,
    dtype: "f32",
    check,
    dzdt: () => adding(compile((x: Tensor, b: Tensor) => x.add(b))),
  },
  { name: "W10.jit-whole", n: 16, dtype: "f32", check, dzdt: whole },
  { name: "W10.jit-mixed", n: 1001, dtype: "f32", check: numbersAre(mixedReference(), 1e-4), dzdt: mixed },
  {
    name: "W10.cold",
    n: 64,
    dtype: "f32",
    check: numbersAre([64], 0),
    dzdt: () => freshProcess("dzdt.mjs"),
  },
];
