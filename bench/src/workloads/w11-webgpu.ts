import { compile, ones, type Tensor } from "@dzdt/tensor";
import type { Attempt, Case } from "../case";
import { numbersAre } from "../check";

/** Programs that are submitted one after the other, as in a training loop. */
const together = 20;
/** Kernels of the longer program. */
const more = 40;
const size = 32;

/** Mean of the milliseconds that the host needs to encode and submit a program whose arguments are on the device. */
async function submission(program: (x: Tensor) => Tensor, x: Tensor): Promise<number> {
  const results: Tensor[] = [];
  const start = performance.now();
  for (let i = 0; i < together; i++) results.push(program(x));
  const taken = (performance.now() - start) / together;
  await results.at(-1)!.data();
  for (const y of results) y.dispose();
  return taken;
}

const input = (): Tensor => ones([size, size]).mul(1 / size);

/** A product that nothing fuses with: each is a kernel. */
const products = (count: number) => {
  const program = compile((x: Tensor) => {
    let y = x;
    for (let i = 0; i < count; i++) y = y.matmul(x);
    return y;
  });
  return (x: Tensor): Tensor => program(x);
};

function firstKernel(): Attempt {
  const [x, program] = [input(), products(1)];
  return {
    note: `encode and submit, ${together} programs in a row`,
    clock: "own",
    run: () => submission(program, x),
    result: () => program(x).data(),
  };
}

function furtherKernel(): Attempt {
  const [x, short, long] = [input(), products(1), products(1 + more)];
  return {
    note: `a program of ${1 + more} kernels less one of 1`,
    clock: "own",
    run: async () => ((await submission(long, x)) - (await submission(short, x))) / more,
    result: () => long(x).data(),
  };
}

function readback(): Attempt {
  const x = input();
  const y = x.matmul(x);
  return {
    note: "data() of 4 KB that are there",
    clock: "own",
    run: async () => {
      const start = performance.now();
      await y.data();
      return performance.now() - start;
    },
    result: () => y.data(),
  };
}

const check = numbersAre(new Array<number>(size * size).fill(1 / size), 1e-6);

const row = (name: string, dzdt: () => Attempt): Case => ({
  name: `W11.${name}`,
  only: "webgpu",
  n: size * size,
  dtype: "f32",
  check,
  dzdt,
});

/** What the host does of a program on a GPU, and what it waits for numbers. */
export const cases: readonly Case[] = [
  row("first-kernel", firstKernel),
  row("further-kernel", furtherKernel),
  row("readback", readback),
];
