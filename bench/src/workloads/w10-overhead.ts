import { compile, full, type Tensor, zeros } from "@dzdt/tensor";
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
  return { run, result: () => Array.from(run().dataSync()) };
}

function whole(): Attempt {
  const [x, b] = [zeros([16]), full([16], 0.5)];
  const all = compile((x: Tensor, b: Tensor) => {
    for (let i = 0; i < count; i++) x = x.add(b);
    return x;
  });
  return { note: "a tape of 1000 nodes", run: () => all(x, b), result: () => Array.from(all(x, b).dataSync()) };
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
  {
    name: "W10.cold",
    n: 64,
    dtype: "f32",
    check: numbersAre([64], 0),
    dzdt: () => freshProcess("dzdt.mjs"),
  },
];
